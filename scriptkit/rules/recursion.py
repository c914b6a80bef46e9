"""The rule `recursion`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import calls
from scriptkit.rules.examples import forward
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class Recursion(ProblemRule[calls.Recursion]):
    """A function or method that calls itself, directly or through others."""

    code = "SK413"
    name = "recursion"
    raw = ("is called recursively",)
    kinds = (calls.Recursion,)
    label = "calls what is being compiled"
    note = "the compiler must know the type of a function before it compiles a call of it"
    help = "write a loop"
    VALID = (forward("while n > 0:\n    x = x * n\n    n = n - 1\nreturn x", "x: Tensor, n: int"),)
    INVALID = (
        Invalid(
            """
            class Model(nn.Module):
                def down(self, x: Tensor, n: int) -> Tensor:
                    if n == 0:
                        return x
                    return self.down(x * n, n - 1)  # <-

                def forward(self, x: Tensor) -> Tensor:
                    return self.down(x, 3)
            """,
            "is called recursively",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[calls.Recursion]) -> Diagnostic:
        return self.about(cls, problem, f"`{problem.data.name}` calls itself")
