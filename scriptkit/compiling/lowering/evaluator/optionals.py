"""Values that may be None at run time, where eager code needs them not to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.compiling.lowering.program import syntax
from scriptkit.compiling.lowering.world.refusing import RaisedError, RefusedError
from scriptkit.compiling.lowering.world.values import Dyn, Value
from scriptkit.language import types as t

if TYPE_CHECKING:
    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator


def unwrapped(evaluator: Evaluator, value: Value) -> Value:
    """A value that may be None where eager raises for None: the program raises too."""
    if not isinstance(value, Dyn) or not value.is_optional:
        return value
    if value.example is None:
        raise RaisedError(TypeError("None is used where a value is needed"))
    call = syntax.call("torch.jit._unwrap_optional", [evaluator.residual.ref(value)])
    return evaluator.residual.bind(call, value.example, value.name, t.without_none(value.type))


def refuse_optional(value: Value) -> None:
    """Operators know no None."""
    if isinstance(value, Dyn) and value.is_optional:
        raise RefusedError("optional-not-refined", "the operand may be None here")
