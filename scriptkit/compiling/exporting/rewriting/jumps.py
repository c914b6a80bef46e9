"""Loops without `break` and `continue`: a flag says whether to go on, what follows a jump goes into the other arm."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.compiling.exporting.rewriting.syntax import assign, leaves

if TYPE_CHECKING:
    from collections.abc import Sequence


class JumpError(ValueError):
    """A jump that cannot be written otherwise."""


def without_jumps(block: Sequence[ast.stmt], flag: str) -> list[ast.stmt]:
    """The body of a loop without jumps; `break` lets the flag become False."""
    return _without(block, flag)[0]


def _without(block: Sequence[ast.stmt], flag: str) -> tuple[list[ast.stmt], bool]:
    """Statements without jumps, and whether every way through them ended in one."""
    made: list[ast.stmt] = []
    for place, statement in enumerate(block):
        if isinstance(statement, ast.Break):
            return [*made, assign(flag, ast.Constant(value=False))], True
        if isinstance(statement, ast.Continue):
            return made, True
        if isinstance(statement, ast.If) and leaves([statement], (ast.Break, ast.Continue)):
            branch, ends = _branch(statement, block[place + 1 :], flag)
            return [*made, branch], ends
        made.append(statement)
    return made, False


def _branch(statement: ast.If, rest: Sequence[ast.stmt], flag: str) -> tuple[ast.If, bool]:
    """A branch that jumps in some arm; the arms that do not jump go on with the rest."""
    body, body_ends = _without(statement.body, flag)
    other, other_ends = _without(statement.orelse, flag)
    following, following_ends = _without(rest, flag)
    if not body_ends and not other_ends:
        raise JumpError("a jump out of one of several nested branches")
    if not other_ends:
        other = other + following
    elif not body_ends:
        body = body + following
    ends = (body_ends and other_ends) or following_ends
    return ast.If(statement.test, body or [ast.Pass()], other), ends
