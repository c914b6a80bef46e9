"""Objects made in the call: `cls(...)`."""

from __future__ import annotations

import dataclasses
import functools
import types
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from scriptkit.compiling.lowering.evaluator import plain_objects
from scriptkit.compiling.lowering.objects import attributes, containers, module_calls
from scriptkit.compiling.lowering.world.refusing import MESSAGE, RaisedError, RefusedError
from scriptkit.compiling.lowering.world.stand_ins import UnknownText, has_dyn
from scriptkit.compiling.lowering.world.values import Sizes, Value

if TYPE_CHECKING:
    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator


_TENSOR_CLASSES: dict[Any, torch.dtype] = {
    torch.FloatTensor: torch.float32,
    torch.LongTensor: torch.int64,
    torch.IntTensor: torch.int32,
    torch.DoubleTensor: torch.float64,
    torch.BoolTensor: torch.bool,
}


def construct(evaluator: Evaluator, cls: type, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """`cls(...)`: an object of the run's own."""
    if issubclass(cls, BaseException):
        return _error(cls, args)
    if issubclass(cls, nn.Module) and not has_dyn((args, kwargs)):
        return module_calls.construct(evaluator, cls, args, kwargs)
    if cls in _TENSOR_CLASSES and len(args) == 1 and type(args[0]) in (list, tuple) and not kwargs:
        return evaluator.call(torch.tensor, [args[0]], {"dtype": _TENSOR_CLASSES[cls]})
    if issubclass(cls, (nn.Module, torch.Tensor, type)):
        raise RefusedError("call-not-lowered", f"a `{cls.__name__}` is made in the call")
    if cls is OrderedDict:
        return containers.new_dict(evaluator, OrderedDict(), args, kwargs)
    if issubclass(cls, tuple) and hasattr(cls, "_fields"):
        return plain_objects.native(cls, *args, **kwargs)
    if cls in (torch.no_grad, torch.enable_grad, torch.Size, functools.partial, torch.device, types.SimpleNamespace):
        return _construct_known(evaluator, cls, args, kwargs)
    if isinstance(type(cls).__call__, types.FunctionType) or cls.__new__ not in (
        object.__new__,
        dict.__new__,
        OrderedDict.__new__,
    ):
        raise RefusedError("call-not-lowered", f"a `{cls.__name__}` is made in a way of its own")
    return _construct_object(evaluator, cls, args, kwargs)


def _error(cls: type[BaseException], args: list[Value]) -> BaseException:
    """An exception; what its message says of the run is kept beside it."""
    texts = [arg.spoken() if isinstance(arg, UnknownText) else arg for arg in args]
    made: BaseException = plain_objects.native(
        cls, *(arg if type(arg) in (str, int, float) else "..." for arg in texts)
    )
    if len(args) == 1 and isinstance(args[0], UnknownText):
        vars(made)[MESSAGE] = args[0]
    return made


def _construct_known(evaluator: Evaluator, cls: type, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if cls is torch.Size:
        return Sizes(evaluator.iterate(args[0]) if args else ())
    if cls is torch.device and has_dyn((args, kwargs)):
        raise RefusedError("call-not-lowered", "a device known only at run time")
    made = plain_objects.native(cls, *args, **kwargs)
    return evaluator.effects.own(made) if cls is types.SimpleNamespace else made


def _construct_object(evaluator: Evaluator, cls: type, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if getattr(cls, "__abstractmethods__", None):
        raise RaisedError(TypeError(f"abstract class {cls.__name__}"))
    make: Any = cls
    made = evaluator.effects.own(make.__new__(make))
    init = make.__init__
    if dataclasses.is_dataclass(cls) and init.__code__.co_filename == "<string>":
        _fill_dataclass(evaluator, made, args, kwargs)
    elif isinstance(init, types.FunctionType):
        evaluator.call(init, [made, *args], kwargs)
    elif init is dict.__init__ or init is OrderedDict.__init__:
        containers.new_dict(evaluator, made, args, kwargs)
    elif args or kwargs:
        raise RaisedError(TypeError(f"{cls.__name__}() takes no arguments"))
    return made


def _fill_dataclass(evaluator: Evaluator, made: Any, args: list[Value], kwargs: dict[str, Value]) -> None:
    """What the generated `__init__` of a dataclass does."""
    cls = type(made)
    fields = [f for f in dataclasses.fields(cls) if f.init]
    given = {**dict(zip([f.name for f in fields], args, strict=False)), **kwargs}
    if len(args) > len(fields) or given.keys() - {f.name for f in fields}:
        raise RaisedError(TypeError(f"{cls.__name__}() got unexpected arguments"))
    for part in dataclasses.fields(cls):
        if part.name in given:
            value = given[part.name]
        elif part.default is not dataclasses.MISSING:
            value = part.default
        elif part.default_factory is not dataclasses.MISSING:
            value = evaluator.call(part.default_factory)
        else:
            raise RaisedError(TypeError(f"{cls.__name__}() misses {part.name}"))
        if cls.__dataclass_params__.frozen:
            vars(made)[part.name] = value
        else:
            attributes.assign(evaluator, made, part.name, value)
    post = getattr(cls, "__post_init__", None)
    if post is not None:
        evaluator.call(post, [made])
