"""Lists that a loop fills from the front, `xs.insert(0, item)`: filled at the end, turned round before and after."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from scriptkit.compiling.exporting.rewriting.syntax import load

if TYPE_CHECKING:
    from collections.abc import Sequence


def filled_at_the_end(block: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements, where no loop does anything else with such a list; within a loop, the innermost one first."""
    made: list[ast.stmt] = []
    for statement in block:
        for name in ("body", "orelse"):
            inner = getattr(statement, name, None)
            if isinstance(inner, list):
                setattr(statement, name, filled_at_the_end(inner))
        turned = _filled(statement) if isinstance(statement, (ast.For, ast.While)) else []
        around = [ast.copy_location(_reverse(name), statement) for name in turned]
        made += [*around, statement, *(ast.copy_location(_reverse(name), statement) for name in turned)]
    return made


def _filled(loop: ast.For | ast.While) -> list[str]:
    """The lists that a loop only fills from the front, which fills them at the end from now on."""
    calls: list[Any] = [node for one in loop.body for node in ast.walk(one) if _inserted(node)]
    names = [node.id for node in ast.walk(loop) if isinstance(node, ast.Name)]
    inserted = [_inserted(call) for call in calls]
    turned = [name for name in dict.fromkeys(inserted) if names.count(name) == inserted.count(name)]
    for call in calls:
        if _inserted(call) in turned:
            call.func.attr = "append"
            del call.args[0]
    return turned


def _inserted(node: ast.AST) -> str:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="insert"), args=[ast.Constant(value=0), _]):
            return name
    return ""


def _reverse(name: str) -> ast.stmt:
    return ast.Expr(ast.Call(ast.Attribute(load(name), "reverse", ast.Load()), [], []))
