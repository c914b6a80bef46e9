"""Reading attributes and items of Python objects: as Python does it, without running anybody's code natively."""

from __future__ import annotations

import enum
import functools
import inspect
import types
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from scriptkit.compiling.lowering.evaluator.plain_objects import _MISSING, class_attribute, contents_of, native
from scriptkit.compiling.lowering.objects import modules, picking, written_state
from scriptkit.compiling.lowering.operations import tensors
from scriptkit.compiling.lowering.world.refusing import RaisedError, RefusedError
from scriptkit.compiling.lowering.world.stand_ins import SPECIAL_VALUES, Picked, TensorMethod
from scriptkit.compiling.lowering.world.values import Dyn, Parts, Sizes, Value

if TYPE_CHECKING:
    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator


_BUILT_IN = (
    *(bool, int, float, complex, str, bytes, tuple, list, dict, set, frozenset, range, slice),
    *(torch.dtype, torch.device, torch.layout, torch.finfo, torch.iinfo, enum.Enum, functools.partial),
    *(types.FunctionType, types.MethodType, types.BuiltinFunctionType, types.CodeType, BaseException),
)


def read(evaluator: Evaluator, owner: Value, name: str) -> Value:
    """`owner.name`."""
    if isinstance(owner, torch.Tensor):
        owner = evaluator.lift(owner)
    if isinstance(owner, Dyn):
        return tensors.attribute(evaluator, owner, name)
    if isinstance(owner, modules.Parent):
        return owner.read(evaluator, name)
    if isinstance(owner, Picked):
        return picking.attribute(evaluator, owner, name)
    if isinstance(owner, SPECIAL_VALUES):
        raise RefusedError("dynamic-value-in-python", f"`.{name}` of a function or a range of the run")
    if isinstance(owner, Parts) and name in owner.names:
        return owner[owner.names.index(name)]
    if isinstance(owner, Sizes) and name == "numel":
        return functools.partial(tensors.product, evaluator, owner)
    if isinstance(owner, nn.Module):
        return modules.read(evaluator, owner, name)
    if isinstance(owner, types.ModuleType):
        return evaluator.facts.read(vars(owner), name, native(getattr, owner, name), f"`{owner.__name__}.{name}`")
    if isinstance(owner, type):
        return _of_class(evaluator, owner, name)
    return of_object(evaluator, owner, name)


def _of_class(evaluator: Evaluator, owner: type, name: str) -> Value:
    if type(owner) not in (type, enum.EnumMeta) and isinstance(
        inspect.getattr_static(type(owner), name, None), property
    ):
        raise RefusedError("descriptor-not-lowered", f"`{name}` of the class `{owner.__name__}`")
    for base in owner.__mro__:
        if name in vars(base):
            value = native(getattr, owner, name)
            evaluator.facts.member(owner, base, name)
            return value
    if name in {"__name__", "__module__", "__qualname__", "__mro__", "__bases__", "__doc__"} or hasattr(
        type(owner), name
    ):
        return native(getattr, owner, name)
    raise RaisedError(AttributeError(f"type object '{owner.__name__}' has no attribute '{name}'"))


def of_object(evaluator: Evaluator, owner: Any, name: str, *, skip_hook: bool = False) -> Value:
    """An attribute of an instance; `skip_hook`: as `object.__getattribute__` finds it."""
    cls = type(owner)
    hook = cls.__getattribute__
    if isinstance(hook, types.FunctionType) and not skip_hook:
        return evaluator.call(hook, [owner, name])
    if name == "__class__":
        return cls
    if name == "__dict__":
        return dict(vars(owner)) if evaluator.effects.owns(owner) else vars(owner)
    if not evaluator.effects.owns(owner):
        evaluator.facts.instance(owner)
    static = class_attribute(evaluator, cls, name)
    if isinstance(static, property):
        return evaluator.call(static.fget, [owner])
    own: dict[str, Any] = getattr(owner, "__dict__", {}) if not isinstance(owner, types.FunctionType) else {}
    if name in own:
        return (
            own[name]
            if evaluator.effects.owns(owner)
            else evaluator.facts.read(own, name, own[name], f"`{cls.__name__}.{name}`")
        )
    if static is not _MISSING:
        if not evaluator.effects.owns(owner) and own is getattr(owner, "__dict__", None):
            evaluator.facts.absent(own, name)
        if isinstance(static, types.MemberDescriptorType) and not evaluator.effects.owns(owner):
            return evaluator.facts.slot(owner, name, _bound(static, owner, name))
        return _bound(static, owner, name)
    fallback = getattr(cls, "__getattr__", None)
    if isinstance(fallback, types.FunctionType) and not skip_hook:
        return evaluator.call(fallback, [owner, name])
    if isinstance(owner, _BUILT_IN) and hasattr(owner, name):
        return native(getattr, owner, name)
    raise RaisedError(AttributeError(f"'{cls.__name__}' object has no attribute '{name}'"))


def _bound(static: Any, owner: Any, name: str) -> Value:
    if isinstance(static, types.FunctionType):
        return types.MethodType(static, owner)
    if isinstance(static, functools._lru_cache_wrapper):
        return types.MethodType(static, owner)
    if isinstance(static, (staticmethod, classmethod)):
        return static.__get__(owner, type(owner))
    if not hasattr(type(static), "__get__"):
        return static
    built_in = isinstance(owner, _BUILT_IN) or isinstance(
        static, (types.MethodDescriptorType, types.WrapperDescriptorType)
    )
    if built_in or isinstance(static, types.BuiltinFunctionType):
        return native(getattr, owner, name) if isinstance(owner, _BUILT_IN) else static.__get__(owner, type(owner))
    if isinstance(static, (types.MemberDescriptorType, types.DynamicClassAttribute)):
        return native(static.__get__, owner, type(owner))
    raise RefusedError("descriptor-not-lowered", f"`{type(owner).__name__}.{name}` is a `{type(static).__name__}`")


def items_of(evaluator: Evaluator, container: Any) -> list[Value]:
    """The items of anything that can be iterated now."""
    if isinstance(container, nn.Module):
        return modules.items_of(evaluator, container)
    contents_of(evaluator, container)
    if isinstance(container, (list, tuple, set, frozenset, dict, str, range, bytes)):
        if isinstance(type(container).__iter__, types.FunctionType):
            raise RefusedError("call-not-lowered", f"`{type(container).__name__}.__iter__` is Python code")
        return list(container)
    if isinstance(container, enum.EnumMeta):
        return list(container)
    if isinstance(container, (types.MappingProxyType, type({}.keys()), type({}.values()), type({}.items()))):
        return list(container)
    function = getattr(type(container), "__iter__", None)
    if isinstance(function, types.FunctionType):
        return items_of(evaluator, evaluator.call(function, [container]))
    raise RefusedError("call-not-lowered", f"an iteration over a `{type(container).__name__}`")


def assign(evaluator: Evaluator, owner: Value, name: str, value: Value) -> None:
    """`owner.name = value`."""
    if isinstance(owner, Dyn):
        raise RefusedError("tensor-attribute-written", f"`.{name}` of a tensor is written")
    if isinstance(owner, nn.Module):
        written_state.assign(evaluator, owner, name, value)
        return
    hook = type(owner).__setattr__
    if isinstance(hook, types.FunctionType):
        evaluator.call(hook, [owner, name, value])
        return
    store(evaluator, owner, name, value)


def store(evaluator: Evaluator, owner: Any, name: str, value: Value) -> None:
    """As `object.__setattr__` does it."""
    static = class_attribute(evaluator, type(owner), name)
    if isinstance(static, property):
        if static.fset is None:
            raise RaisedError(AttributeError(f"`{name}` cannot be set"))
        evaluator.call(static.fset, [owner, value])
        return
    evaluator.effects.changing(owner, f"writing `.{name}`")
    if not hasattr(owner, "__dict__") or hasattr(type(static), "__set__"):
        raise RefusedError("descriptor-not-lowered", f"`{type(owner).__name__}.{name}` is no plain attribute")
    vars(owner)[name] = value


__all__ = [
    "TensorMethod",
    "assign",
    "class_attribute",
    "contents_of",
    "items_of",
    "native",
    "of_object",
    "read",
    "store",
]
