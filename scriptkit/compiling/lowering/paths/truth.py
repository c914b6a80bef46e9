"""The truth of a value."""

from __future__ import annotations

import ast
from types import FunctionType
from typing import TYPE_CHECKING

from scriptkit.compiling.lowering.evaluator.plain_objects import contents_of, is_plain
from scriptkit.compiling.lowering.program import syntax
from scriptkit.compiling.lowering.world.refusing import RefusedError
from scriptkit.compiling.lowering.world.stand_ins import UnknownText
from scriptkit.compiling.lowering.world.values import Dyn, Value
from scriptkit.language import types as t

if TYPE_CHECKING:
    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator


def truth(evaluator: Evaluator, value: Value) -> Value:
    """A `bool`, or a value of type bool."""
    value = evaluator.lift(value)
    if isinstance(value, Dyn):
        return _dynamic_truth(evaluator, value)
    if isinstance(value, UnknownText):
        raise RefusedError("text-known-at-run-time", "the truth of a text known only at run time")
    if is_plain(value):
        contents_of(evaluator, value)
        return bool(value)
    return _truth_of_object(evaluator, value)


def _truth_of_object(evaluator: Evaluator, value: Value) -> Value:
    for name in ("__bool__", "__len__"):
        function = getattr(type(value), name, None)
        if isinstance(function, FunctionType):
            return truth(evaluator, evaluator.call(function, [value]))
        if function is not None:
            return bool(evaluator.items(value))
    return True


def _dynamic_truth(evaluator: Evaluator, value: Dyn) -> Value:
    residual = evaluator.residual
    if value.type == t.BOOL:
        return value
    if value.is_tensor:
        return residual.bind(
            syntax.call("bool", [residual.ref(value)]), evaluator.try_out("bool", bool, [value], {}), "is_true"
        )
    if value.type in (t.INT, t.FLOAT):
        zero = ast.Constant(0 if value.type == t.INT else 0.0)
        return residual.bind(ast.Compare(residual.ref(value), [ast.NotEq()], [zero]), bool(value.example), "is_true")
    if value.type == t.STR:
        text = ast.Compare(residual.ref(value), [ast.NotEq()], [ast.Constant("")])
        return residual.bind(text, bool(value.example), "is_true")
    if isinstance(value.type, t.List):
        length = syntax.call("len", [residual.ref(value)])
        return residual.bind(ast.Compare(length, [ast.Gt()], [ast.Constant(0)]), bool(value.example), "is_true")
    raise RefusedError("truth-not-lowered", f"the truth of a `{value.type}` known only at run time")


def negated(evaluator: Evaluator, value: Value) -> Value:
    """`not value` of a truth."""
    if not isinstance(value, Dyn):
        return not value
    made = evaluator.residual.bind(ast.UnaryOp(ast.Not(), evaluator.residual.ref(value)), not value.example, "is_not")
    made.given_if = {not side: known for side, known in value.given_if.items()}
    return made
