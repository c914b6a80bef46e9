"""The rule `isinstance-forms`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.rules.examples import forward
from scriptkit.rules.reading import quoted
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts
    from scriptkit.language.problems import Problem


class IsinstanceForms(ProblemRule):
    """`isinstance` with something the compiler takes for no type."""

    code = "SK429"
    name = "isinstance-forms"
    kinds = ("isinstance-forms",)
    label = "no type to test for"
    note = "compiled `isinstance` takes types the compiler knows, or a tuple of them, written in the call"
    help = "write concrete types"
    VALID = (forward("if isinstance(y, (int, float)):\n    return x * 2\nreturn x", "x: Tensor, y: Any"),)
    INVALID = (
        Invalid(
            "KINDS = (int, float)\n\n"
            + forward("if isinstance(y, KINDS):  # <-\n    return x * 2\nreturn x", "x: Tensor, y: Any"),
            "KINDS",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem) -> Diagnostic:
        return self.about(cls, problem, f"{quoted(problem.data['text'])} cannot be decided in TorchScript")
