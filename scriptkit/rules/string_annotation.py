"""The rule `string-annotation`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.rules.examples import model
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts
    from scriptkit.language.problems import Problem


class StringAnnotation(ProblemRule):
    """A quoted annotation in the class body.

    The compiler sees the string. A `ScriptableModule` may have it.
    """

    code = "SK115"
    name = "string-annotation"
    lifted = True
    kinds = ("string-annotation-attribute",)
    label = "a string, not a type"
    note = "the compiler resolves quoted annotations in signatures only, never in the class body"
    help = "leave out the quotes"
    VALID = (model("self.sizes = []", "return x * len(self.sizes)", declared="sizes: List[int]"),)
    INVALID = (
        Invalid(
            model("self.sizes = []", "return x * len(self.sizes)", declared='sizes: "List[int]"  # <-'),
            "Unknown type annotation",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem) -> Diagnostic | None:
        if cls.module.future_annotations:
            return None
        name, text = problem.data["name"], problem.data["text"].strip("\"'")
        return self.about(cls, problem, f"the annotation of `{name}` is quoted", suggestion=f"{name}: {text}")
