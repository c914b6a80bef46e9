"""The rule `int-wrap`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.examples import forward
from scriptkit.rules.reading import LARGEST_INT, nodes, shown
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class IntWrap(Rule):
    """A computation with integer literals whose result has more than 64 bits: compiled code wraps it around."""

    code = "SK707"
    name = "int-wrap"
    label = "wraps around in compiled code"
    note = "an `int` has 64 bits in compiled code, and wraps around without an error"
    help = "use floats, or smaller numbers"
    VALID = (forward("return 1 << 62", returns="int"),)
    INVALID = (Invalid(forward("return 1 << 63  # <-", returns="int"), None, inputs="(torch.ones(1),)"),)

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.BinOp):
            if abs(_value(node) or 0) > LARGEST_INT and not isinstance(cls.module.parent(node), ast.BinOp):
                yield self.found(cls, node, f"{shown(node)} does not fit in 64 bits", method=function.name)


def _value(node: ast.expr) -> int | None:
    """The value of an expression of integer literals."""
    match node:
        case ast.Constant(value=int(value)):
            return value
        case ast.BinOp(left=left, op=op, right=right):
            a, b = _value(left), _value(right)
            if a is None or b is None or (isinstance(op, ast.LShift) and not 0 <= b < LONGEST_SHIFT):
                return None
            compute = {
                ast.Add: int.__add__,
                ast.Sub: int.__sub__,
                ast.Mult: int.__mul__,
                ast.LShift: int.__lshift__,
            }.get(type(op))
            return compute(a, b) if compute else None
    return None


LONGEST_SHIFT = 200
