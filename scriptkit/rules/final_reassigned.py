"""The rule `final-reassigned`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import attributes
from scriptkit.rules.examples import model
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class FinalReassigned(ProblemRule[attributes.FinalReassigned]):
    """An assignment to a `Final` attribute in compiled code."""

    code = "SK110"
    name = "final-reassigned"
    raw = ()
    kinds = (attributes.FinalReassigned,)
    label = "a constant"
    note = "a `Final` attribute is a constant: its value is written into the compiled code"
    VALID = (model("self.step = 0", "self.step = self.step + 1\nreturn x"),)
    INVALID = (
        Invalid(
            model("self.step = 0", "self.step = self.step + 1  # <-\nreturn x", declared="step: Final[int]"),
            "Tried to set nonexistent attribute: step",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[attributes.FinalReassigned]) -> Diagnostic:
        name = problem.data.name
        return self.about(
            cls,
            problem,
            f"`self.{name}` is `Final`, and is assigned in compiled code",
            help=f"declare `{name}` without `Final`",
            suggestion=f"{name}: <type>",
        )
