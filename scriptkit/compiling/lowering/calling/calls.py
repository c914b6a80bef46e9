"""What happens at a call: evaluated, written into the residual program, run natively (few things), or refused."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import logging
import os
import types
import warnings
from collections import OrderedDict
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from scriptkit.compiling.lowering.calling import autograd_functions, builtin_functions, context_variables
from scriptkit.compiling.lowering.evaluator import generators, plain_objects
from scriptkit.compiling.lowering.objects import attributes, containers, modules, picking
from scriptkit.compiling.lowering.operations import tensors, torch_functions
from scriptkit.compiling.lowering.world.frames import Closure, Frame
from scriptkit.compiling.lowering.world.refusing import MESSAGE, RaisedError, RefusedError
from scriptkit.compiling.lowering.world.source import path_of, tree_of
from scriptkit.compiling.lowering.world.stand_ins import Picked, TensorMethod, UnknownText, has_dyn
from scriptkit.compiling.lowering.world.values import Dyn, Value
from scriptkit.engines.torchscript.engine import making

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator

_FALSE_HERE = (
    *making.FALSE_IN_PYTHON,
    torch.compiler.is_compiling,
    torch.compiler.is_exporting,
    torch.is_autocast_enabled,
    torch.cuda.is_current_stream_capturing,
    torch.xpu.is_current_stream_capturing,
)
_SILENT = (warnings.warn, print)
_IMMUTABLE = (str, bytes, int, float, complex, bool, tuple, frozenset, range, torch.dtype, torch.device)


def call(evaluator: Evaluator, function: Value, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Call anything."""
    plain = modules.function_in_place(function)
    if plain is not None:
        return evaluate_function(evaluator, plain, args, kwargs)
    for kind, handler in _BY_KIND.items():
        if isinstance(function, kind):
            return handler(evaluator, function, args, kwargs)
    special = _special(function)
    if special is not None:
        return _bound_call(evaluator, special, args, kwargs)
    if isinstance(function, types.FunctionType):
        return _call_function(evaluator, function, args, kwargs)
    if isinstance(function, type):
        return construct(evaluator, function, args, kwargs)
    if torch_functions.is_operation(function):
        return torch_functions.emit(evaluator, function, args, kwargs)
    return _call_object(evaluator, function, args, kwargs)


def _bound_call(
    evaluator: Evaluator, special: Callable[..., Value], args: list[Value], kwargs: dict[str, Value]
) -> Value:
    try:
        inspect.signature(special).bind(evaluator, *args, **kwargs)
    except TypeError:
        raise RefusedError("call-not-lowered", "a built-in function is called in a form that is not lowered") from None
    return special(evaluator, *args, **kwargs)


def _special(function: Any) -> Callable[..., Value] | None:
    """The evaluator's own version of a function."""
    try:
        if function in _FALSE_HERE:
            return lambda _, *__: False
        if function in _SILENT:
            return lambda _, *__, **___: None
        return builtin_functions.TABLE.get(function) or torch_functions.SPECIAL.get(function)
    except TypeError:  # it cannot be hashed
        return None


def _call_function(
    evaluator: Evaluator, function: types.FunctionType, args: list[Value], kwargs: dict[str, Value]
) -> Value:
    module = function.__module__ or ""
    if function.__name__.startswith("has_torch_function") and module.startswith("torch"):
        return False
    if torch_functions.is_operation(function):
        return torch_functions.emit(evaluator, function, args, kwargs)
    if torch_functions.is_of_numpy(function):
        return torch_functions.numpy_number(evaluator, function, args, kwargs)
    first = args[0] if args else None
    if (
        isinstance(first, nn.Module)
        and first is not evaluator.residual.method.module
        and _is_method_of(first, function)
    ):
        return modules.call_method(evaluator, first, function, args[1:], kwargs)
    return evaluate_function(evaluator, function, args, kwargs)


def _is_method_of(module: nn.Module, function: types.FunctionType) -> bool:
    return any(vars(base).get(function.__name__) is function for base in type(module).__mro__)


def evaluate_function(
    evaluator: Evaluator, function: types.FunctionType, args: list[Value], kwargs: dict[str, Value]
) -> Value:
    """Evaluate the code of a function."""
    if function is os.getenv:
        return _environment(evaluator, "get", args)
    if (function.__module__ or "").split(".")[0] in _IMPURE:
        raise _impure(evaluator, f"`{function.__module__}.{function.__name__}` would be frozen")
    evaluator.facts.function(function)
    tree = tree_of(function.__code__)
    try:
        bound = inspect.signature(function, follow_wrapped=False).bind(*args, **kwargs)
    except TypeError as error:
        raise RaisedError(error) from error
    bound.apply_defaults()
    variables = {
        name: evaluator.effects.own(value) if type(value) is dict and _is_fresh(bound, name) else value
        for name, value in bound.arguments.items()
    }
    method = evaluator.residual.method
    if method.hints is None:  # the first function of a method gives its parameters their names
        method.hints = {id(value): name for name, value in bound.arguments.items() if isinstance(value, Dyn)}
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    frame = Frame(variables, function.__globals__, path_of(function.__code__), cells=cells)
    if function.__code__.co_flags & inspect.CO_GENERATOR:
        return generators.collect(evaluator, frame, lambda: evaluator.run(tree, frame))
    return evaluator.run(tree, frame)


def _impure(evaluator: Evaluator, message: str) -> RefusedError:
    refusal = RefusedError("impure-call", message)
    refusal.depth = evaluator.depth
    return refusal


_IMPURE = frozenset("random time datetime uuid secrets os subprocess socket threading multiprocessing".split())


def _is_fresh(bound: inspect.BoundArguments, name: str) -> bool:
    return bound.signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD


def _call_closure(evaluator: Evaluator, function: Closure, args: list[Value], kwargs: dict[str, Value]) -> Value:
    outer = function.frame
    variables = _bind(function, args, kwargs)
    frame = Frame(variables, outer.namespace, outer.path, cells=outer.cells, outer=outer)
    for value in variables.values():
        if type(value) is dict and value is variables.get(getattr(function.node.args.kwarg, "arg", "")):
            evaluator.effects.own(value)
    return evaluator.run(function.node, frame)


def _bind(function: Closure, args: list[Value], kwargs: dict[str, Value]) -> dict[str, Value]:
    """Arguments to parameters, by Python's own rules: those of a signature made from the tree."""
    kind, empty = inspect.Parameter, inspect.Parameter.empty
    spec = function.node.args
    positional = [*spec.posonlyargs, *spec.args]
    defaults = [empty] * (len(positional) - len(function.defaults)) + function.defaults
    parameters = [
        kind(p.arg, kind.POSITIONAL_ONLY if p in spec.posonlyargs else kind.POSITIONAL_OR_KEYWORD, default=d)
        for p, d in zip(positional, defaults, strict=True)
    ]
    if spec.vararg:
        parameters.append(kind(spec.vararg.arg, kind.VAR_POSITIONAL))
    parameters += [
        kind(p.arg, kind.KEYWORD_ONLY, default=function.kw_defaults.get(p.arg, empty)) for p in spec.kwonlyargs
    ]
    if spec.kwarg:
        parameters.append(kind(spec.kwarg.arg, kind.VAR_KEYWORD))
    try:
        bound = inspect.Signature(parameters).bind(*args, **kwargs)
    except TypeError as error:
        raise RaisedError(error) from error
    bound.apply_defaults()
    return dict(bound.arguments)


def _call_method(
    evaluator: Evaluator, function: types.MethodType, args: list[Value], kwargs: dict[str, Value]
) -> Value:
    receiver, code = function.__self__, function.__func__
    if type(receiver).__module__.startswith("numpy.random"):
        raise _impure(evaluator, f"`numpy.random.{code.__name__}` would be frozen")
    if isinstance(receiver, logging.Logger):
        return None
    if receiver is os.environ and code.__name__ in {"get", "__getitem__", "__contains__"}:
        return _environment(evaluator, code.__name__, args)
    if isinstance(receiver, nn.Module) and isinstance(code, types.FunctionType):
        return modules.call_method(evaluator, receiver, code, args, kwargs)
    if isinstance(receiver, inspect.Signature) and code.__name__ in {"bind", "bind_partial"}:
        bound = plain_objects.native(function, *args, **kwargs)
        evaluator.effects.own(bound.arguments)
        return evaluator.effects.own(bound)
    if (
        isinstance(receiver, inspect.BoundArguments)
        and code.__name__ == "apply_defaults"
        and evaluator.effects.owns(receiver)
    ):
        receiver.apply_defaults()
        evaluator.effects.own(receiver.arguments)
        return None
    if isinstance(receiver, type) and issubclass(receiver, torch.autograd.Function):
        return autograd_functions.apply(evaluator, receiver, args, kwargs)
    if isinstance(receiver, torch.nn.Parameter | torch.Tensor):
        return evaluator.call(attributes.read(evaluator, receiver, code.__name__), args, kwargs)
    return evaluator.call(code, [receiver, *args], kwargs)


def _environment(evaluator: Evaluator, name: str, args: list[Value]) -> Value:
    """A variable of the environment: read once, and noted."""
    evaluator.assumptions[f"the environment variable {args[0]} is as it was"] = None
    evaluator.facts.variable(args[0])
    return plain_objects.native(getattr(os.environ, name), *args)


def _call_partial(
    evaluator: Evaluator, function: functools.partial[Any], args: list[Value], kwargs: dict[str, Value]
) -> Value:
    if function.func is tensors.product:
        return tensors.product(evaluator, function.args[1])
    return evaluator.call(function.func, [*function.args, *args], {**function.keywords, **kwargs})


_ANSWERS = (str, int, float, bool, type(None), types.ModuleType, type, types.FunctionType)


def _call_cached(evaluator: Evaluator, function: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """A cached function gives the same for the same arguments already: it may run."""
    if has_dyn((args, kwargs)):
        return evaluator.call(function.__wrapped__, args, kwargs)
    if _is_logging(function):
        return None
    made = plain_objects.native(function, *args, **kwargs)
    is_annotation = type(made).__module__ == "typing"
    if not is_annotation and not isinstance(made, _ANSWERS):
        raise RefusedError("call-not-lowered", f"`{function.__name__}` is cached and gives a `{type(made).__name__}`")
    return made


def _is_logging(function: Any) -> bool:
    return "logging" in (function.__module__ or "") or function.__name__ in {"warning_once", "info_once"}


def _call_dyn(_: Evaluator, __: Dyn, ___: list[Value], ____: dict[str, Value]) -> Value:
    raise RefusedError("call-not-lowered", "a value known only at run time is called")


_BY_KIND: dict[type, Callable[[Any, Any, list[Value], dict[str, Value]], Value]] = {
    Dyn: _call_dyn,
    TensorMethod: lambda evaluator, f, args, kwargs: tensors.method(evaluator, f.receiver, f.name, args, kwargs),
    Closure: _call_closure,
    Picked: picking.call,
    functools.partial: _call_partial,
    nn.Module: modules.call,
    types.MethodType: _call_method,
    functools._lru_cache_wrapper: _call_cached,
}


def _call_object(evaluator: Evaluator, function: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    receiver = getattr(function, "__self__", None)
    if isinstance(receiver, logging.Logger):
        return None
    if isinstance(function, (types.MethodDescriptorType, types.WrapperDescriptorType)) and args:
        if isinstance(args[0], (Dyn, torch.Tensor)):
            return evaluator.call(attributes.read(evaluator, args[0], function.__name__), args[1:], kwargs)
        bound = function.__get__(args[0], type(args[0]))
        return _call_object(evaluator, bound, args[1:], kwargs)
    if isinstance(function, (types.BuiltinFunctionType, types.MethodWrapperType)) and receiver is not None:
        return _call_built_in_method(evaluator, function, receiver, args, kwargs)
    own_call = plain_objects.class_attribute(evaluator, type(function), "__call__")
    if isinstance(own_call, types.FunctionType):
        return evaluator.call(own_call, [function, *args], kwargs)
    if torch_functions.is_of_numpy(function):
        return torch_functions.numpy_number(evaluator, function, args, kwargs)
    raise RefusedError("call-not-lowered", f"`{getattr(function, '__name__', type(function).__name__)}`")


def _call_built_in_method(
    evaluator: Evaluator, function: Any, receiver: Any, args: list[Value], kwargs: dict[str, Value]
) -> Value:
    name = function.__name__
    if name in {"__setattr__", "__getattribute__"} and not isinstance(receiver, (type, nn.Module)):
        if name == "__setattr__":
            return attributes.store(evaluator, receiver, args[0], args[1])
        return attributes.of_object(evaluator, receiver, args[0], skip_hook=True)
    if (
        name == "__init__"
        and type(function).__name__ == "method-wrapper"
        and not isinstance(receiver, (dict, list, set))
    ):
        return None
    if isinstance(receiver, types.MappingProxyType) and name in {"items", "keys", "values", "get"}:
        made = plain_objects.native(function, *args, **kwargs)
        return made if name == "get" else evaluator.effects.own(list(made))
    if isinstance(receiver, ContextVar):
        return context_variables.method(evaluator, receiver, name, args)
    if isinstance(receiver, (dict, list, set)):
        return containers.method(evaluator, function, receiver, args, kwargs)
    if isinstance(receiver, str) and has_dyn((args, kwargs)):
        return UnknownText()
    if isinstance(receiver, _IMMUTABLE):
        made = plain_objects.native(function, *[_listed(evaluator, arg) for arg in args], **kwargs)
        return evaluator.effects.own(made) if isinstance(made, list) else made
    raise RefusedError("call-not-lowered", f"`{type(receiver).__name__}.{name}`")


def _listed(evaluator: Evaluator, value: Value) -> Value:
    plain_objects.contents_of(evaluator, value)
    return value


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
        return modules.construct(evaluator, cls, args, kwargs)
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
    from scriptkit.compiling.lowering.world.values import Sizes

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


def mapping_items(evaluator: Evaluator, value: Value) -> Mapping[str, Value]:
    """The items of `**value`."""
    if isinstance(value, dict):
        plain_objects.contents_of(evaluator, value)
        return dict(dict.items(value))
    raise RefusedError("call-not-lowered", f"`**` of a `{type(value).__name__}`")
