"""`torch._assert`, `torch._check` and their like: the program raises where eager code does."""

from __future__ import annotations

import ast
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.compiling.lowering.evaluator import texts
from scriptkit.compiling.lowering.operations.comparisons import compare
from scriptkit.compiling.lowering.program import syntax
from scriptkit.compiling.lowering.world.frames import Closure
from scriptkit.compiling.lowering.world.refusing import RaisedError
from scriptkit.compiling.lowering.world.stand_ins import UnknownText
from scriptkit.compiling.lowering.world.values import Dyn, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator


def _require(evaluator: Evaluator, condition: Value, message: Value, error: type[Exception]) -> None:
    verdict = evaluator.call(bool, [condition])
    if isinstance(verdict, Dyn):
        evaluator.residual.emit(syntax.require(evaluator.residual.ref(verdict), _words(message)))
    elif not verdict:
        raise RaisedError(error(_words(message)))


def _words(message: Value) -> str:
    if isinstance(message, UnknownText):
        return message.spoken()
    if isinstance(message, Closure):
        message = texts.static_text(message.node) if isinstance(message.node, ast.Lambda) else None
    return message if isinstance(message, str) else "an assertion of the model"


def _assert(evaluator: Evaluator, condition: Value, message: Value = None) -> None:
    _require(evaluator, condition, message, AssertionError)


def _check(error: type[Exception]) -> Callable[..., None]:
    def check(evaluator: Evaluator, cond: Value, message: Value = None) -> None:
        _require(evaluator, cond, message, error)

    return check


def _check_with(evaluator: Evaluator, error_type: Value, cond: Value, message: Value) -> None:
    _require(evaluator, cond, message, error_type)


def _check_size(evaluator: Evaluator, i: Value, message: Value = None, *, max: Value = None) -> None:
    _require(evaluator, compare(evaluator, ast.GtE(), i, 0), message, RuntimeError)
    if max is not None:
        _require(evaluator, compare(evaluator, ast.LtE(), i, max), message, RuntimeError)


def _check_all(evaluator: Evaluator, cond: Value, message: Value = None) -> None:
    _require(evaluator, evaluator.call(torch.all, [cond]), message, RuntimeError)


def _check_all_with(evaluator: Evaluator, error_type: Value, cond: Value, message: Value = None) -> None:
    _require(evaluator, evaluator.call(torch.all, [cond]), message, error_type)


def _table() -> dict[Any, Callable[..., None]]:
    room: Any = torch
    known: dict[str, Callable[..., None]] = {
        "_assert": _assert,
        "_check": _check(RuntimeError),
        "_check_index": _check(IndexError),
        "_check_value": _check(ValueError),
        "_check_type": _check(TypeError),
        "_check_not_implemented": _check(NotImplementedError),
        "_check_is_size": _check_size,
        "_check_with": _check_with,
        "_check_tensor_all": _check_all,
        "_check_tensor_all_with": _check_all_with,
    }
    return {getattr(room, name): check for name, check in known.items() if hasattr(room, name)}


TABLE: Mapping[Any, Callable[..., None]] = MappingProxyType(_table())
