"""The value of an expression of constants, as far as the text tells: `-1e9`, `not False`, `"a" + "b"`."""

from __future__ import annotations

import ast
import operator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

UNKNOWN_VALUE = object()
_PLAIN = (int, float, complex, bool, str)
_LARGEST = 2**63
_LONGEST = 10_000
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Not: operator.not_,
    ast.Invert: operator.invert,
}
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_,
    ast.BitXor: operator.xor,
}


def folded(node: ast.expr, value_of: Callable[[str], ast.expr | None], depth: int = 8) -> object:
    """The constant an expression stands for, else `UNKNOWN_VALUE`; `value_of` gives what a name was assigned."""
    if depth == 0:
        return UNKNOWN_VALUE

    def inner(part: ast.expr) -> Any:
        return folded(part, value_of, depth - 1)

    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            assigned = value_of(name)
            return UNKNOWN_VALUE if assigned is None else inner(assigned)
        case ast.Tuple(elts=items):
            values = [inner(item) for item in items]
            return UNKNOWN_VALUE if UNKNOWN_VALUE in values else tuple(values)
        case ast.UnaryOp(op=op, operand=operand):
            return _computed(_UNARY[type(op)], inner(operand))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _computed(_BINARY[type(op)], inner(left), inner(right))
        case ast.Call(func=ast.Name(id="float"), args=[argument], keywords=[]):
            return _computed(float, inner(argument))
        case _:
            return UNKNOWN_VALUE


def _computed(compute: Callable[..., object], *operands: Any) -> object:
    """The result, unless it would be too large to compute here, or Python raises."""
    if not all(isinstance(operand, _PLAIN) and _is_small(operand) for operand in operands):
        return UNKNOWN_VALUE
    if compute in (operator.pow, operator.lshift) and operands[1] > 64:  # noqa: PLR2004 - bits of an int
        return UNKNOWN_VALUE
    if compute is operator.mul and any(isinstance(operand, str) for operand in operands):
        return UNKNOWN_VALUE
    try:
        return compute(*operands)
    except (ArithmeticError, TypeError, ValueError):
        return UNKNOWN_VALUE


def _is_small(value: Any) -> bool:
    return len(value) <= _LONGEST if isinstance(value, str) else abs(value) < _LARGEST or isinstance(value, float)
