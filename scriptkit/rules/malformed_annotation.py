"""The rule `malformed-annotation`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import declarations
from scriptkit.rules.examples import forward
from scriptkit.rules.reading import quoted
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class MalformedAnnotation(ProblemRule[declarations.MalformedAnnotation]):
    """An annotation that is no type expression, such as `Dict[int: str]`."""

    code = "SK408"
    name = "malformed-annotation"
    kinds = (declarations.MalformedAnnotation,)
    label = "no type expression"
    note = "the parts of a type stand between commas, as in `Dict[int, str]`"
    VALID = (forward("groups: Dict[int, Tensor] = {}\ngroups[0] = x\nreturn groups[0]"),)
    INVALID = (
        Invalid(
            forward("groups: Dict[int: Tensor] = {}  # <-\ngroups[0] = x\nreturn groups[0]"),
            "expected exactly 2 element types but found 1",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[declarations.MalformedAnnotation]) -> Diagnostic:
        text = problem.data.text
        colon = ":" in text
        return self.about(
            cls,
            problem,
            f"{quoted(text)} is no type expression",
            help="write a comma in place of the colon" if colon else "write a type",
            suggestion=", ".join(part.strip() for part in text.split(":")) if colon else "",
        )
