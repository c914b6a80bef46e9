"""The rule `generator-function`."""

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


class GeneratorFunction(Rule):
    """A `yield` in compiled code."""

    code = "SK506"
    name = "generator-function"
    raw = ("Yield aren't supported",)
    supersedes = ("missing-return-path", "maybe-undefined-variable", "undefined-name", "not-iterable")
    reach = "class"
    label = "makes the function a generator"
    note = "compiled functions return once; there are no generators"
    help = "collect the values in a list and return it"
    VALID = (
        forward(
            "halves: List[Tensor] = []\nfor part in x.unbind(0):\n    halves.append(part / 2)\nreturn halves",
            returns="List[Tensor]",
        ),
    )
    INVALID = (
        Invalid(
            """
            class Model(nn.Module):
                def halves(self, x: Tensor):
                    for part in x.unbind(0):
                        yield part / 2  # <-

                def forward(self, x: Tensor) -> Tensor:
                    for half in self.halves(x):
                        x = x + half
                    return x
            """,
            "Yield aren't supported",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.Yield, ast.YieldFrom):
            yield self.found(
                cls, node, f"`{function.name}` is a generator, which cannot be compiled", method=function.name
            )
