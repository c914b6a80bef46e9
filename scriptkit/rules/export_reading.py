"""What the rules of the export engine read from a syntax tree."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.language.facts import ClassFacts

_NUMBERS_OF_TENSORS = {"bool", "int", "float"}


def decided_by_a_run(cls: ClassFacts, test: ast.expr) -> bool:
    """Whether only a run of the program knows if a condition holds: it asks for the values of a tensor."""
    match test:
        case ast.BoolOp(values=parts):
            return any(decided_by_a_run(cls, part) for part in parts)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return decided_by_a_run(cls, operand)
        case ast.Compare(left=left, ops=[op], comparators=[right]) if not isinstance(op, (ast.Is, ast.IsNot)):
            return any(decided_by_a_run(cls, part) for part in (left, right))
        case ast.Call(func=ast.Name(id=name), args=[given]) if name in _NUMBERS_OF_TENSORS:
            return decided_by_a_run(cls, given)
        case ast.Call(func=ast.Attribute(value=held, attr="item")):
            return is_tensor(cls, held)
        case _:
            return is_tensor(cls, test)


def is_tensor(cls: ClassFacts, node: ast.AST) -> bool:
    """Whether an expression is known to be a tensor."""
    return str(cls.type_of(node)) == "Tensor"


def calls_of_methods(node: ast.AST, *names: str) -> Iterator[tuple[ast.Call, ast.expr]]:
    """The calls `x.name(...)` below a node, each with its `x`."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in names:
            yield call, call.func.value
