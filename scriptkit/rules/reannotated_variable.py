"""The rule `reannotated-variable`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import variables
from scriptkit.rules.examples import forward
from scriptkit.rules.rule import Invalid, ProblemRule, related

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class ReannotatedVariable(ProblemRule[variables.ReannotatedVariable]):
    """A local name that is annotated a second time inside a branch or loop."""

    code = "SK210"
    name = "reannotated-variable"
    raw = ("Attempting to declare and annotate the type of variable",)
    kinds = (variables.ReannotatedVariable,)
    label = "annotated again"
    note = "a name is annotated once, where it is first assigned"
    VALID = (forward("y: int = 1\nif k > 1:\n    y = 2\nreturn x * y", "x: Tensor, k: int"),)
    INVALID = (
        Invalid(
            forward("y: int = 1\nif k > 1:\n    y: int = 2  # <-\nreturn x * y", "x: Tensor, k: int"),
            "Attempting to declare and annotate the type of variable 'y'",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[variables.ReannotatedVariable]) -> Diagnostic:
        name = problem.data.name
        return self.about(
            cls,
            problem,
            f"`{name}` is annotated a second time",
            help="leave out this annotation",
            suggestion=f"{name} = <value>",
            also=related(problem, "annotated first"),
        )
