"""The rule `loop-else`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.examples import forward
from scriptkit.rules.reading import nodes, word
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class LoopElse(Rule):
    """An `else` branch of a loop."""

    code = "SK510"
    name = "loop-else"
    supersedes = ("missing-return-path", "maybe-undefined-variable", "undefined-name", "not-iterable")
    reach = "method"
    label = "this loop has an `else` branch"
    note = "the compiler knows `else` after `if` only"
    help = "remember in a local `bool` whether the loop was left early, and test it after the loop"
    VALID = (
        forward(
            """
            found = False
            for i in range(x.size(0)):
                if bool(x[i].sum() > 0):
                    found = True
                    break
            if not found:
                x = x + 1
            return x
            """,
        ),
    )
    INVALID = (
        Invalid(
            forward("for i in range(3):  # <-\n    x = x + i\nelse:\n    x = x * 2\nreturn x"),
            "else branches of for loops",
        ),
        Invalid(
            forward("while x.sum() > 0:  # <-\n    x = x - 1\nelse:\n    x = x * 2\nreturn x"),
            "incompatible constructor arguments",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.For, ast.While):
            if node.orelse:
                keyword = "for" if isinstance(node, ast.For) else "while"
                where = word(cls, node, keyword)
                yield self.found(cls, where, f"the `{keyword}` loop has an `else` branch", method=function.name)
