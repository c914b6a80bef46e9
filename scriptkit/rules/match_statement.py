"""The rule `match-statement`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.examples import forward
from scriptkit.rules.reading import nodes, shown, word
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class MatchStatement(Rule):
    """A `match` statement in compiled code."""

    code = "SK509"
    name = "match-statement"
    supersedes = ("missing-return-path", "maybe-undefined-variable", "undefined-name", "not-iterable")
    reach = "method"
    label = "a `match` statement"
    note = "the compiler knows `if`, `for` and `while`"
    help = "write a chain of `if` and `elif`"
    VALID = (forward("if n == 1:\n    return x\nelif n == 2:\n    return x * 2\nreturn x * n", "x: Tensor, n: int"),)
    INVALID = (
        Invalid(
            forward("match n:  # <-\n    case 1:\n        return x\nreturn x * n", "x: Tensor, n: int"),
            "Match aren't supported",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.Match):
            yield self.found(
                cls,
                word(cls, node, "match"),
                f"`match` on {shown(node.subject)} cannot be compiled",
                method=function.name,
            )
