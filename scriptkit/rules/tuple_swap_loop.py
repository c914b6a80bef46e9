"""The rule `tuple-swap-loop`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.examples import forward
from scriptkit.rules.reading import nodes, shown
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class TupleSwapLoop(Rule):
    """Names rotated in a loop, written in place, that start as equal expressions.

    The compiler makes one tensor of the equal expressions, although the loop writes into each of them.
    """

    code = "SK706"
    name = "tuple-swap-loop"
    label = "these may be one tensor"
    note = "the compiler merges equal expressions, and overlooks that the rotated names are written in place"
    help = "start them as views of one tensor, or write without changing in place"
    VALID = (
        forward(
            "a = torch.zeros(1)\nb = torch.zeros(1)\nc = torch.zeros(1)\n"
            "for i in range(3):\n    a, b, c = c + 1, a, b\nreturn a"
        ),
    )
    INVALID = (
        Invalid(
            forward(
                """
                a = torch.zeros(1)
                b = torch.zeros(1)
                c = torch.zeros(1)
                for i in range(3):
                    a, b, c = c, a, b  # <-
                    a[0] += x[i]
                return torch.cat([a, b, c])
                """,
            ),
            None,
            inputs="(torch.ones(3),)",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, loop in nodes(cls, ast.For, ast.While):
            for statement in loop.body:
                names = _rotated(statement)
                if (
                    names
                    and _equal_starts(function.node, loop, names)
                    and any(_writes_in_place(n, names) for n in ast.walk(loop))
                ):
                    yield self.found(
                        cls,
                        statement,
                        f"{shown(statement)} rotates tensors that are written in place",
                        method=function.name,
                    )


def _rotated(statement: ast.stmt) -> set[str]:
    match statement:
        case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
            left = {t.id for t in targets if isinstance(t, ast.Name)}
            right = {v.id for v in values if isinstance(v, ast.Name)}
            return left if len(left) == len(targets) and left == right else set()
    return set()


def _equal_starts(function: ast.AST, loop: ast.AST, names: set[str]) -> bool:
    """Whether two of the names start as the same call."""
    starts = [
        ast.dump(node.value)
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and node.lineno < getattr(loop, "lineno", 0)
        for target in node.targets
        if isinstance(target, ast.Name) and target.id in names
    ]
    return len(starts) > len(set(starts))


def _writes_in_place(node: ast.AST, names: set[str]) -> bool:
    match node:
        case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store()) | ast.AugAssign(target=ast.Name(id=name)):
            return name in names
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr)):
            return name in names and attr.endswith("_") and not attr.startswith("_")
    return False
