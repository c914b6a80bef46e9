"""What is left to do of a function: statements, and rounds of unrolled loops."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scriptkit.compiling.lowering.world import walking  # noqa: TC001 - the fields of dataclasses

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scriptkit.compiling.lowering.world.values import Value


@dataclass(frozen=True)
class Round:
    """The next round of an unrolled `for`, or with `items` None of a `while` whose test is static.

    `arms`: in how many arms that hold the rest of the function the loop began.
    """

    node: ast.For | ast.While
    items: tuple[Value, ...] | None
    position: int
    sources: walking.Sources = field(default_factory=list)
    arms: int = 0


@dataclass(frozen=True)
class RoundEnd:
    """Where a round of an unrolled loop ends, for an arm that is joined there with the other one."""


Task = ast.stmt | Round | RoundEnd


def jumps_in(body: Sequence[ast.stmt]) -> set[type[ast.AST]]:
    """How a block may leave the function or the loop round it."""
    return {type(node) for node in _own_nodes(body) if isinstance(node, (ast.Return, ast.Break, ast.Continue))}


def _own_nodes(body: Sequence[ast.AST]) -> Iterator[ast.AST]:
    for node in body:
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.Lambda, ast.ClassDef)):
            yield from _own_nodes(list(ast.iter_child_nodes(node)))


def names_read(tasks: Sequence[Task]) -> Iterator[str]:
    """The names that tasks may read."""
    for task in tasks:
        if isinstance(task, RoundEnd):
            continue
        node = task.node if isinstance(task, Round) else task
        yield from (n.id for n in ast.walk(node) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Store))
        yield from (
            n.target.id for n in ast.walk(node) if isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name)
        )
