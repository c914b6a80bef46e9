"""Operators: Python's own where both sides are static, emitted otherwise."""

from __future__ import annotations

import ast
import operator
from types import FunctionType
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.compiling.lowering.evaluator import texts
from scriptkit.compiling.lowering.evaluator.optionals import refuse_optional, unwrapped
from scriptkit.compiling.lowering.evaluator.plain_objects import contents_of, is_plain, kind_of, native
from scriptkit.compiling.lowering.operations import lists
from scriptkit.compiling.lowering.program import syntax
from scriptkit.compiling.lowering.world.refusing import RefusedError
from scriptkit.compiling.lowering.world.stand_ins import UnknownText
from scriptkit.compiling.lowering.world.values import Dyn, Sizes, Value
from scriptkit.language import types as t

if TYPE_CHECKING:
    from collections.abc import Callable

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator


ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.MatMult: operator.matmul,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
}


_SPECIAL_NAMES = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "truediv",
    ast.BitOr: "or",
    ast.BitAnd: "and",
}


def binary(evaluator: Evaluator, op: type[ast.operator], left: Value, right: Value) -> Value:
    """`left op right`."""
    left, right = evaluator.lift(left), evaluator.lift(right)
    if isinstance(left, UnknownText) or isinstance(right, UnknownText):
        return UnknownText([*texts.parts_of(left), *texts.parts_of(right)] if op is ast.Add else (None,))
    if not isinstance(left, Dyn) and not isinstance(right, Dyn):
        return _static_binary(evaluator, op, left, right)
    for side in (left, right):
        if isinstance(side, str) or (isinstance(side, Dyn) and side.type == t.STR and op is ast.Mod):
            return UnknownText()
    left, right = unwrapped(evaluator, left), unwrapped(evaluator, right)
    if any(isinstance(side, (list, tuple)) or lists.is_list(side) for side in (left, right)):
        return _of_lists(evaluator, op, left, right)
    if not (is_number_or_tensor(left) and is_number_or_tensor(right)):
        raise RefusedError("operator-not-lowered", f"`{op.__name__}` of a `{kind_of(left)}` and a `{kind_of(right)}`")
    return _emit_binary(evaluator, op, left, right)


def _emit_binary(evaluator: Evaluator, op: type[ast.operator], left: Value, right: Value) -> Value:
    example = evaluator.try_out(op.__name__, ARITHMETIC[op], [left, right], {})
    if not isinstance(example, torch.Tensor):
        if op is ast.Pow:
            return _power(evaluator, left, right, example)
        if op in {ast.LShift, ast.RShift} or (op in {ast.FloorDiv, ast.Mod} and isinstance(example, float)):
            raise RefusedError("operator-not-lowered", f"`{op.__name__}` of numbers differs in TorchScript")
    elif op is ast.FloorDiv and not (isinstance(left, Dyn) and left.is_tensor):
        raise RefusedError(
            "operator-not-lowered", "a number is divided by a tensor with `//`: TorchScript wants a number"
        )
    expression: ast.expr = ast.BinOp(evaluator.residual.expression(left), op(), evaluator.residual.expression(right))
    return evaluator.residual.bind(expression, example, _NAMES.get(op, "value"))


def _power(evaluator: Evaluator, base: Value, exponent: Value, example: Any) -> Value:
    """TorchScript raises to floats as C does: only what is the same in Python."""
    residual = evaluator.residual
    if type(exponent) is int and isinstance(example, int) and exponent > 0:
        made = base
        for _ in range(exponent - 1):
            made = binary(evaluator, ast.Mult, made, base)
        return made
    if type(base) is int and base == 2 and isinstance(exponent, Dyn) and exponent.type == t.INT:  # noqa: PLR2004
        return _power_of_two(evaluator, exponent, example)
    if not isinstance(example, float) or not (type(exponent) is float and isinstance(base, Dyn)):
        raise RefusedError("operator-not-lowered", "this power of numbers differs in TorchScript")
    least = ast.Gt() if exponent < 0 else ast.GtE()
    is_real = ast.Compare(residual.ref(base), [least], [ast.Constant(0)])
    residual.emit(syntax.require(is_real, "a power of a number that is not positive"))
    number = syntax.call("float", [residual.ref(base)])
    return residual.bind(ast.BinOp(number, ast.Pow(), residual.expression(exponent)), example, "power")


def _power_of_two(evaluator: Evaluator, exponent: Dyn, example: Any) -> Value:
    """A shift; for a negative exponent Python gives a float, and the program raises."""
    if not isinstance(example, int):
        raise RefusedError("operator-not-lowered", "a power of two that is no whole number")
    is_whole = ast.Compare(evaluator.residual.ref(exponent), [ast.GtE()], [ast.Constant(0)])
    evaluator.residual.emit(syntax.require_as_lowered(is_whole, "lowered for an exponent that is not negative here"))
    shift = ast.BinOp(ast.Constant(1), ast.LShift(), evaluator.residual.ref(exponent))
    return evaluator.residual.bind(shift, example, "power")


_NAMES = {
    ast.Add: "sum",
    ast.Sub: "difference",
    ast.Mult: "product",
    ast.Div: "quotient",
    ast.FloorDiv: "quotient",
    ast.Mod: "rest",
}


def is_number_or_tensor(value: Value) -> bool:
    """Whether TorchScript's arithmetic is defined for a value."""
    kind = value.type if isinstance(value, Dyn) else None
    return kind in {t.TENSOR, t.INT, t.FLOAT, t.BOOL} or type(value) in {bool, int, float, complex}


def _static_binary(evaluator: Evaluator, op: type[ast.operator], left: Value, right: Value) -> Value:
    if is_plain(left) and is_plain(right):
        contents_of(evaluator, left)
        contents_of(evaluator, right)
        made = native(ARITHMETIC[op], left, right)
        if isinstance(left, Sizes) and type(made) is tuple:
            made = Sizes(made)
        return evaluator.effects.own(made) if isinstance(made, (list, dict, set)) else made
    name = _SPECIAL_NAMES.get(op)
    for owner, other, method in ((left, right, f"__{name}__"), (right, left, f"__r{name}__")):
        function = getattr(type(owner), method, None)
        if isinstance(function, FunctionType):
            return evaluator.call(function, [owner, other])
    raise RefusedError("operator-not-lowered", f"`{op.__name__}` of `{type(left).__name__}` objects")


def _of_lists(evaluator: Evaluator, op: type[ast.operator], left: Value, right: Value) -> Value:
    """`[0] * n`, and lists joined with lists of run-time length."""
    sides = [isinstance(side, list) or lists.is_list(side) for side in (left, right)]
    if op is ast.Add and all(sides):
        return lists.joined(evaluator, left, right)
    if op is ast.Mult and any(sides) and not all(sides):
        return lists.repeated(evaluator, *((left, right) if sides[0] else (right, left)))
    raise RefusedError("operator-not-lowered", f"`{op.__name__}` of a `{kind_of(left)}` and a `{kind_of(right)}`")


_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
}


def unary(evaluator: Evaluator, op: type[ast.unaryop], value: Value) -> Value:
    """`-value`, `+value`, `~value`."""
    value = evaluator.lift(value)
    if not isinstance(value, Dyn):
        if not is_plain(value):
            raise RefusedError("operator-not-lowered", f"`{op.__name__}` of a `{type(value).__name__}`")
        return native(_UNARY[op], value)
    if op is ast.UAdd and value.is_tensor:
        return value
    refuse_optional(value)
    if op is ast.UAdd or not is_number_or_tensor(value):
        raise RefusedError("operator-not-lowered", f"`{op.__name__}` of a `{kind_of(value)}`")
    example = evaluator.try_out(op.__name__, _UNARY[op], [value], {})
    return evaluator.residual.bind(ast.UnaryOp(op(), evaluator.residual.ref(value)), example, "negative")
