"""The rule `generator-expression`."""

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


class GeneratorExpression(Rule):
    """`tuple(...)` of a generator expression.

    The compiler makes a list of it, and the length of a list is unknown.
    """

    code = "SK515"
    name = "generator-expression"
    raw = ()
    label = "becomes a list of unknown length"
    note = "the compiler turns a generator expression into a list, and the length of a tuple is part of its type"
    help = "keep the list, or write the tuple out"
    VALID = (forward("sizes = [n * 2 for n in x.shape]\nreturn x.sum() + sum(sizes)"),)
    INVALID = (
        Invalid(
            forward("sizes = tuple(n * 2 for n in x.shape)  # <-\nreturn x"),
            "cannot statically infer the expected size of a list in this context",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.Call):
            made_of = node.args[0] if len(node.args) == 1 else None
            if isinstance(made_of, ast.GeneratorExp) and cls.module.dotted(node.func) == "builtins.tuple":
                yield self.found(cls, node, f"{shown(node)} has no length known to the compiler", method=function.name)
