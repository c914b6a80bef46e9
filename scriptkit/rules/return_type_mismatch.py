"""The rule `return-type-mismatch`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import variables
from scriptkit.rules.examples import forward
from scriptkit.rules.rule import Invalid, ProblemRule, related

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class ReturnTypeMismatch(ProblemRule[variables.ReturnTypeMismatch]):
    """A returned value that is not of the declared type."""

    code = "SK212"
    name = "return-type-mismatch"
    raw = ("Return value was annotated as having type",)
    kinds = (variables.ReturnTypeMismatch,)
    note = "a returned value has exactly the declared type; an `int` does not become a `float`"
    VALID = (forward("return float(x.size(0))", returns="float"),)
    INVALID = (
        Invalid(
            forward("return x.size(0)  # <-", returns="float"),
            "Return value was annotated as having type float but is actually of type int",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[variables.ReturnTypeMismatch]) -> Diagnostic:
        declared, actual = str(problem.data.declared), str(problem.data.actual)
        name = problem.method.name if problem.method else "the function"
        number = (declared, actual) == ("float", "int")
        return self.about(
            cls,
            problem,
            f"`{name}` is declared to return `{declared}`, and returns `{actual}`",
            label=f"of type `{actual}`",
            help="convert the value" if number else "return a value of the declared type, or declare the type returned",
            suggestion="return float(<value>)" if number else f"-> {actual}:",
            also=related(problem, "declared here"),
        )
