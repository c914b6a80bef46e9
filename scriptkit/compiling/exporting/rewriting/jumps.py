"""Loops without `break` and `continue`: a flag says whether to go on, what follows a jump goes into the other arm."""

from __future__ import annotations

import ast
import copy
from typing import TYPE_CHECKING

from scriptkit.compiling.exporting.rewriting.syntax import assign, leaves

if TYPE_CHECKING:
    from collections.abc import Sequence


def without_jumps(block: Sequence[ast.stmt], flag: str) -> list[ast.stmt]:
    """The body of a loop without jumps; `break` lets the flag become False."""
    made: list[ast.stmt] = []
    for place, statement in enumerate(block):
        if isinstance(statement, ast.Break):
            return [*made, assign(flag, ast.Constant(value=False))]
        if isinstance(statement, ast.Continue):
            return made
        if isinstance(statement, ast.If) and leaves([statement]):
            rest = block[place + 1 :]  # goes on behind every way through both arms that does not jump
            body = without_jumps([*statement.body, *copy.deepcopy(rest)], flag)
            other = without_jumps([*statement.orelse, *rest], flag)
            return [*made, ast.If(statement.test, body or [ast.Pass()], other)]
        made.append(statement)
    return made
