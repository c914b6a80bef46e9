"""`copy.copy` and `copy.deepcopy` of Python objects: new objects of the run, made from noted facts."""

from __future__ import annotations

import enum
import types
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from scriptkit.compiling.lowering.evaluator import plain_objects
from scriptkit.compiling.lowering.world.refusing import RefusedError
from scriptkit.compiling.lowering.world.stand_ins import SPECIAL_VALUES

if TYPE_CHECKING:
    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator
    from scriptkit.compiling.lowering.world.values import Value

_SHARED = (bool, int, float, complex, str, bytes, type(None), type, torch.dtype, torch.device, enum.Enum)
_SHARED_CODE = (types.FunctionType, types.BuiltinFunctionType, types.ModuleType)


def shallow(evaluator: Evaluator, value: Value) -> Value:
    """`copy.copy(value)`."""
    return _copied(evaluator, value, lambda item: item)


def deep(evaluator: Evaluator, value: Value, memo: Value = None) -> Value:
    """`copy.deepcopy(value)`."""
    if memo is not None:
        raise RefusedError("call-not-lowered", "`deepcopy` with a memo")
    known: dict[int, Value] = {}

    def copied(item: Value) -> Value:
        if id(item) not in known:
            known[id(item)] = _copied(evaluator, item, copied)
        return known[id(item)]

    return copied(value)


def _copied(evaluator: Evaluator, value: Value, inner: Any) -> Value:
    if isinstance(value, (*_SHARED, *_SHARED_CODE)):
        return value
    if isinstance(value, (torch.Tensor, nn.Module, *SPECIAL_VALUES)):
        raise RefusedError("call-not-lowered", f"a copy of a `{type(value).__name__}`")
    plain_objects.contents_of(evaluator, value)
    if type(value) in (list, set):
        return evaluator.effects.own(type(value)(inner(item) for item in value))
    if type(value) in (tuple, frozenset):
        return type(value)(inner(item) for item in value)
    if type(value) is dict:
        return evaluator.effects.own({key: inner(item) for key, item in value.items()})
    return _object(evaluator, value, inner)


def _object(evaluator: Evaluator, value: Any, inner: Any) -> Value:
    cls = type(value)
    own = [
        name
        for name in ("__copy__", "__deepcopy__", "__reduce__", "__getstate__", "__setstate__")
        if _is_own(cls, name)
    ]
    if (
        own
        or not hasattr(value, "__dict__")
        or isinstance(value, (dict, list, tuple, set))
        or _makes(cls) is not object.__new__
    ):
        raise RefusedError("call-not-lowered", f"a copy of a `{cls.__name__}`, which is copied in a way of its own")
    made = evaluator.effects.own(object.__new__(cls))
    evaluator.facts.keys_of(vars(value))
    for name, held in list(vars(value).items()):
        if not evaluator.effects.owns(value):
            evaluator.facts.read(vars(value), name, held, f"`{cls.__name__}.{name}`")
        vars(made)[name] = inner(held)
    return made


def _is_own(cls: type, name: str) -> bool:
    return isinstance(getattr(cls, name, None), types.FunctionType)


def _makes(cls: Any) -> Any:
    return cls.__new__
