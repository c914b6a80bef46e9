"""A way round an error of torch's interpreter, which loses values that a loop captures.

Where a value is used inside a loop of a block, and after the loop only as what the block hands on, torch 2.13 moves it
away in the first round of the loop: the second round, or whoever gets the value, finds None. One more operation after
the loop keeps the value alive.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.compiling.lowering.program import syntax
from scriptkit.language import types as t

if TYPE_CHECKING:
    from collections.abc import Sequence


def handed_on(expression: ast.expr, type_: t.Type, block: Sequence[ast.stmt]) -> ast.expr:
    """What a block gives to the code after it: the value, by an operation of its own where a loop captures it."""
    if not isinstance(expression, ast.Name) or not _is_captured(expression.id, block):
        return expression
    if type_ == t.TENSOR:
        return syntax.call("torch.ops.aten.alias", [expression])
    if type_ in (t.INT, t.FLOAT):
        return syntax.call("max", [expression, expression])
    if type_ == t.BOOL:
        return ast.UnaryOp(ast.Not(), ast.UnaryOp(ast.Not(), expression))
    return ast.Subscript(ast.List([expression], ast.Load()), ast.Constant(0), ast.Load())


def _is_captured(name: str, block: Sequence[ast.stmt]) -> bool:
    return any(
        isinstance(part, ast.Name) and part.id == name
        for statement in block
        for loop in ast.walk(statement)
        if isinstance(loop, (ast.For, ast.While))
        for part in ast.walk(loop)
    )
