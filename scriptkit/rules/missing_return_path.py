"""The rule `missing-return-path`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import variables
from scriptkit.rules.examples import forward
from scriptkit.rules.reading import word
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class MissingReturnPath(ProblemRule[variables.MissingReturnPath]):
    """A function in which one path ends without a `return`."""

    code = "SK214"
    name = "missing-return-path"
    raw = ("but does not return along all paths",)
    kinds = (variables.MissingReturnPath,)
    label = "one path returns nothing"
    note = "every path of a function that returns a value returns one, or raises"
    VALID = (forward("if k > 1:\n    return x\nreturn x * 2", "x: Tensor, k: int"),)
    INVALID = (
        Invalid(
            forward("if k > 1:\n    return x", "x: Tensor, k: int").replace("Tensor:\n", "Tensor:  # <-\n"),
            "but does not return along all paths",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[variables.MissingReturnPath]) -> Diagnostic:
        name = problem.method.name if problem.method else "the function"
        return self.found(
            cls,
            word(cls, problem.node, "def"),
            f"one path through `{name}` ends without a `return`",
            help="return a value at its end, or raise an exception there",
            method=name,
        )
