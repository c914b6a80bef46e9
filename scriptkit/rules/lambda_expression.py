"""The rule `lambda-expression`."""

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


class LambdaExpression(Rule):
    """A `lambda` in a compiled method.

    Functions are not values for the compiler: it has to know at each call which function is meant.
    """

    code = "SK502"
    name = "lambda-expression"
    label = "a function made at run time"
    note = "the compiler compiles functions by name; a function is not a value"
    help = "move it to a function or method with typed parameters and call that"
    VALID = (
        """
        def halve(x: Tensor) -> Tensor:
            return x / 2

        class Model(nn.Module):
            def forward(self, x: Tensor) -> Tensor:
                return halve(x)
        """,
    )
    INVALID = (Invalid(forward("halve = lambda t: t / 2  # <-\nreturn halve(x)"), "Lambda aren't supported"),)

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.Lambda):
            yield self.found(cls, node, f"{shown(node)} cannot be compiled", method=function.name)
