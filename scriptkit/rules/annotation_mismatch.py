"""The rule `annotation-mismatch`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import variables
from scriptkit.rules.examples import forward
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class AnnotationMismatch(ProblemRule[variables.AnnotationMismatch]):
    """A local name annotated with one type, and assigned a value of another."""

    code = "SK209"
    name = "annotation-mismatch"
    raw = ("is annotated with type .* but is being assigned to a value of type",)
    kinds = (variables.AnnotationMismatch,)
    note = "the compiler converts no value to the declared type, not even an `int` to a `float`"
    VALID = (forward("y: float = 1.0\nreturn x * y"),)
    INVALID = (
        Invalid(
            forward("y: float = 1  # <-\nreturn x * y"),
            "is annotated with type float but is being assigned to a value of type int",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[variables.AnnotationMismatch]) -> Diagnostic:
        name, declared, actual = problem.data.name, str(problem.data.declared), str(problem.data.actual)
        number = (declared, actual) == ("float", "int")
        return self.about(
            cls,
            problem,
            f"`{name}` is declared `{declared}`, and is assigned a value of type `{actual}`",
            label=f"of type `{actual}`",
            help="write the number as a `float`" if number else "declare the type of the value, or convert the value",
            suggestion=f"{name}: float = float(<value>)" if number else f"{name}: {actual} = <value>",
        )
