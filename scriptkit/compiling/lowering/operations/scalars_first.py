"""`torch.add(2, x)`: eager code takes a number for the first operand, TorchScript wants the tensor there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from scriptkit.compiling.lowering.program import syntax
from scriptkit.compiling.lowering.world.refusing import RefusedError
from scriptkit.compiling.lowering.world.values import Dyn, Value
from scriptkit.language import types as t

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator

_TURNED: dict[Any, Any] = {torch.add: torch.add, torch.mul: torch.mul, torch.sub: torch.rsub}
_ARITHMETIC = (*_TURNED, torch.div, torch.true_divide, torch.floor_divide)


def is_number(value: Value) -> bool:
    """Whether a value is a plain number."""
    return type(value) in (int, float) or (isinstance(value, Dyn) and value.type in (t.INT, t.FLOAT))


def operands(
    evaluator: Evaluator, function: Callable[..., Value], args: list[Value], kwargs: Mapping[str, Value]
) -> tuple[Callable[..., Value], list[Value]]:
    """The same operation with operands that TorchScript takes."""
    if function not in _ARITHMETIC or not args or not is_number(args[0]):
        return function, args
    if all(map(is_number, args)):
        return function, [evaluator.call(torch.tensor, [arg]) for arg in args]
    if len(args) == 1:
        return function, args
    if not kwargs and function in _TURNED:
        return _TURNED[function], args[::-1]
    return function, [_as_tensor(evaluator, args[0], args[1]), *args[1:]]


def _as_tensor(evaluator: Evaluator, number: Value, like: Value) -> Value:
    """A number as a tensor without dimensions; beside floating point it has the other's dtype."""
    if not (isinstance(like, Dyn) and like.is_tensor and like.example.is_floating_point()):
        raise RefusedError("operator-not-lowered", "a number beside a tensor of whole numbers")
    is_floating = syntax.call(syntax.attribute(evaluator.residual.ref(like), "is_floating_point"))
    evaluator.residual.emit(syntax.require_as_lowered(is_floating, "lowered for a tensor of floating point here"))
    dtype, device = (evaluator.read(like, name) for name in ("dtype", "device"))
    return evaluator.call(torch.full, [[], number], {"dtype": dtype, "device": device})
