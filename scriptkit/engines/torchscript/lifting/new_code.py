"""New code in the place of old code: an error in it points where the user wrote the old one."""

from __future__ import annotations

import ast
from typing import Any, TypeVar

from scriptkit.language.parsing import syntax_tree

N = TypeVar("N", ast.stmt, ast.expr)


def placed(made: N, place: ast.stmt | ast.expr) -> N:
    """Let all of a piece of code stand where another one does."""
    for part in ast.walk(made):
        if "lineno" in part._attributes:
            ast.copy_location(part, place)
    return made


def at(place: ast.stmt | ast.expr, text: str) -> Any:
    """The statement or expression of a text, in the place of another one."""
    [statement] = syntax_tree(text).body
    return placed(statement.value, place) if isinstance(statement, ast.Expr) else placed(statement, place)
