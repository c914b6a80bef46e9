"""Modules: their attributes, and the items of containers of modules."""

from __future__ import annotations

import types
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from scriptkit.compiling.lowering.evaluator import plain_objects
from scriptkit.compiling.lowering.objects import written_state
from scriptkit.compiling.lowering.world.refusing import RaisedError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator
    from scriptkit.compiling.lowering.world.values import Value

CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict, nn.ParameterList, nn.ParameterDict)


@dataclass
class Parent:
    """`super()`: attributes of the classes that come after `cls` in the MRO of an instance."""

    cls: type
    instance: Any

    def read(self, evaluator: Evaluator, name: str) -> Value:
        """`super().name`."""
        is_class = isinstance(self.instance, type)
        mro = (self.instance if is_class else type(self.instance)).__mro__
        for base in mro[mro.index(self.cls) + 1 :]:
            if name not in vars(base):
                continue
            static = evaluator.facts.member(base, base, name)
            if isinstance(static, types.FunctionType):
                return static if is_class else types.MethodType(static, self.instance)
            if isinstance(static, property):
                return evaluator.call(static.fget, [self.instance])
            if isinstance(static, (types.WrapperDescriptorType, types.MethodDescriptorType, classmethod, staticmethod)):
                return static.__get__(None if is_class else self.instance, type(self.instance))
            return _of_class(self.instance, name, static)
        raise RaisedError(AttributeError(f"'super' object has no attribute '{name}'"))


def read(evaluator: Evaluator, module: nn.Module, name: str) -> Value:
    """`module.name`."""
    if evaluator.effects.owns(module):
        return _of_own(evaluator, module, name)
    written = written_state.read(evaluator, module, name)
    if written is not written_state.MISSING:
        return written
    if name == "training":
        return evaluator.residual.slot(module, name, module.training)
    evaluator.facts.instance(module)
    if name == "__class__":
        return type(module)
    static = plain_objects.class_attribute(evaluator, type(module), name)
    if isinstance(static, property):
        return evaluator.call(static.fget, [module])
    where = f"`{evaluator.residual.spoken_path(module)}.{name}`"
    if name in module.__dict__:
        return _plain(evaluator, name, evaluator.facts.read(module.__dict__, name, module.__dict__[name], where))
    if not plain_objects.is_missing(static):
        evaluator.facts.absent(module.__dict__, name)
        return _of_class(module, name, static)
    for kind in ("_parameters", "_buffers", "_modules"):
        held = module.__dict__[kind]
        if name in held:
            return _registered(evaluator, module, name, held, where)
    _note_absent(evaluator, module, name)
    if type(module).__getattr__ is not nn.Module.__getattr__ and isinstance(
        type(module).__getattr__, types.FunctionType
    ):
        return evaluator.call(type(module).__getattr__, [module, name])
    raise RaisedError(AttributeError(f"'{type(module).__name__}' object has no attribute '{name}'"))


def _of_own(evaluator: Evaluator, module: nn.Module, name: str) -> Value:
    """An attribute of a module that the call made; it is static."""
    static = plain_objects.class_attribute(evaluator, type(module), name)
    if isinstance(static, types.FunctionType):
        return types.MethodType(static, module)
    return plain_objects.native(getattr, module, name)


def _plain(evaluator: Evaluator, name: str, value: Any) -> Value:
    if name.startswith("_") and name in nn.Module().__dict__:
        if name in {"_forward_hooks", "_forward_pre_hooks", "_backward_hooks"}:
            evaluator.facts.content(value)
        elif name not in {"_modules", "_parameters", "_buffers", "_is_full_backward_hook"}:
            raise RefusedError("introspection-not-lowered", f"`{name}` is read")
        evaluator.facts.content(value)
        if name in {"_parameters", "_buffers"}:
            return evaluator.effects.own({key: evaluator.lift(tensor) for key, tensor in value.items()})
    return value


def _registered(evaluator: Evaluator, module: nn.Module, name: str, held: Mapping[str, Any], where: str) -> Value:
    value = held[name]
    if isinstance(value, torch.Tensor):
        if evaluator.residual.path(module, next(iter(reversed(list(evaluator.residual.method.ancestors()))))) is None:
            raise RefusedError("module-out-of-reach", f"{where} belongs to a module outside the one that is compiled")
        found = evaluator.residual.tensor(value, module, name)
        if name in module._buffers and written_state.is_written_by_class(module, name):
            return evaluator.residual.bind(evaluator.residual.ref(found), found.example, name)
        return found
    return evaluator.facts.read(held, name, value, where)


def _of_class(module: Any, name: str, static: Any) -> Value:
    if isinstance(static, types.FunctionType):
        return types.MethodType(static, module)
    if isinstance(static, (classmethod, staticmethod)):
        return static.__get__(module, type(module))
    if hasattr(type(static), "__get__"):
        raise RefusedError("descriptor-not-lowered", f"`{type(module).__name__}.{name}` is a `{type(static).__name__}`")
    return static


def is_of_torch(function: Any) -> bool:
    """Whether torch defines a method: no class of the user overrides it."""
    return (getattr(function, "__module__", None) or "torch").split(".")[0] == "torch"


def items_of(evaluator: Evaluator, module: nn.Module) -> list[Value]:
    """The items of a container of modules or parameters, in its order."""
    own = getattr(type(module), "__iter__", None)
    if isinstance(own, types.FunctionType) and not is_of_torch(own):
        return evaluator.items(evaluator.call(own, [module]))
    if not isinstance(module, CONTAINERS):
        raise RefusedError("call-not-lowered", f"an iteration over a `{type(module).__name__}`")
    evaluator.facts.content(module._modules)
    if isinstance(module, nn.ParameterList):
        return [read(evaluator, module, str(number)) for number in range(len(module))]
    if isinstance(module, (nn.ModuleDict, nn.ParameterDict)):
        return list(module.keys())
    return list(module._modules.values())


def _note_absent(evaluator: Evaluator, module: nn.Module, name: str) -> None:
    """The program rests on it that a module has no such attribute, parameter, buffer or submodule."""
    for holder in (module.__dict__, *(module.__dict__[kind] for kind in ("_parameters", "_buffers", "_modules"))):
        evaluator.facts.absent(holder, name)


def length_of(evaluator: Evaluator, module: nn.Module) -> Value:
    """`len(module)`, which asks no `__iter__`."""
    own = getattr(type(module), "__len__", None)
    if isinstance(own, types.FunctionType) and not is_of_torch(own):
        return evaluator.call(own, [module])
    if isinstance(module, CONTAINERS) and is_of_torch(type(module).__iter__):
        return len(items_of(evaluator, module))
    evaluator.facts.content(module._modules)
    return plain_objects.native(len, module)


def registered_only(evaluator: Evaluator, module: nn.Module, name: Value) -> Value:
    """`module.__getattr__(name)`: a parameter, buffer or submodule."""
    for kind in ("_parameters", "_buffers", "_modules"):
        if name in module.__dict__[kind]:
            return read(evaluator, module, name)
    _note_absent(evaluator, module, name)
    raise RaisedError(AttributeError(f"'{type(module).__name__}' object has no attribute '{name}'"))
