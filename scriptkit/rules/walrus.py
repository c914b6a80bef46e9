"""The rule `walrus`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.examples import forward
from scriptkit.rules.reading import nodes
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class Walrus(Rule):
    """A `:=` inside an expression.

    The compiler knows assignment as a statement only, so a value cannot be named in the middle of a condition.
    """

    code = "SK501"
    name = "walrus"
    supersedes = ("missing-return-path", "maybe-undefined-variable", "undefined-name", "not-iterable")
    reach = "method"
    label = "assigns inside an expression"
    note = "the compiler knows assignment as a statement only"
    VALID = (forward("n = x.size(0)\nif n > 1:\n    x = x / n\nreturn x"),)
    INVALID = (
        Invalid(forward("if (n := x.size(0)) > 1:  # <-\n    x = x / n\nreturn x"), "NamedExpr aren't supported"),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.NamedExpr):
            yield self.found(
                cls,
                node,
                f"`{node.target.id}` is assigned inside an expression",
                help=f"assign `{node.target.id}` on a line of its own, before it is used",
                suggestion=f"{node.target.id} = {ast.unparse(node.value)}",
                method=function.name,
            )
