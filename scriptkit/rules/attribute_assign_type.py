"""The rule `attribute-assign-type`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import attributes
from scriptkit.rules.examples import model
from scriptkit.rules.rule import Invalid, ProblemRule, related

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class AttributeAssignType(ProblemRule[attributes.AttributeAssignType]):
    """An assignment in compiled code that would change the type of an attribute."""

    code = "SK103"
    name = "attribute-assign-type"
    raw = ("Wrong type for attribute assignment",)
    kinds = (attributes.AttributeAssignType,)
    note = "an attribute keeps the type it has when the constructor ends, or the one declared in the class body"
    VALID = (model("self.total = 0.0", "self.total = self.total + 0.5 * x.size(0)\nreturn x"),)
    INVALID = (
        Invalid(
            model("self.total = 0", "self.total = self.total + 0.5 * x.size(0)  # <-\nreturn x"),
            "Wrong type for attribute assignment",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[attributes.AttributeAssignType]) -> Diagnostic:
        name, declared, actual = problem.data.name, problem.data.declared, problem.data.actual
        number = (str(declared), str(actual)) == ("int", "float")
        return self.about(
            cls,
            problem,
            f"`self.{name}` is `{declared}` and is assigned a `{actual}`",
            label=f"a `{actual}`",
            help="start with a `float` in `__init__`"
            if number
            else f"declare `{name}` in the class body with a type that fits both",
            suggestion=f"self.{name} = 0.0" if number else f"{name}: <type>",
            also=related(problem, f"`{declared}` here"),
        )
