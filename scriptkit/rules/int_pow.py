"""The rule `int-pow`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.problems import variables
from scriptkit.rules.examples import forward
from scriptkit.rules.reading import quoted
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class IntPow(ProblemRule[variables.IntPow]):
    """A power of ints, used as an int.

    The compiler gives every power of numbers the type `float`: the exponent might be negative.
    """

    code = "SK229"
    name = "int-pow"
    supersedes = ("number-of-another-type",)
    raw = ()
    kinds = (variables.IntPow,)
    label = "a `float` for the compiler"
    note = "a power of ints has the type `float`, because the exponent may be negative"
    help = "convert it to `int`"
    VALID = (forward("return torch.zeros(int(2 ** n))", "n: int"),)
    INVALID = (Invalid(forward("return torch.zeros(2 ** n)  # <-", "n: int"), "aten::zeros(SymInt[] size"),)

    def describe(self, cls: ClassFacts, problem: Problem[variables.IntPow]) -> Diagnostic:
        text = ast.unparse(problem.node)
        return self.about(
            cls, problem, f"{quoted(text)} is a `float` where an `int` is needed", suggestion=f"int({text})"
        )
