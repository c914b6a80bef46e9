"""The rule `future-annotations-attribute`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.rules.examples import model
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts
    from scriptkit.language.problems import Problem


class FutureAnnotationsAttribute(ProblemRule):
    """An annotation in the class body under `from __future__ import annotations`.

    The import turns every annotation into a string, which the compiler does not resolve there. A `ScriptableModule`
    may have it.
    """

    code = "SK116"
    name = "future-annotations-attribute"
    lifted = True
    kinds = ("string-annotation-attribute",)
    label = "a string under that import"
    note = "`from __future__ import annotations` turns annotations into strings, which the class body does not resolve"
    help = "leave out the import in this file"
    VALID = (model("self.sizes = []", "return x * len(self.sizes)", declared="sizes: List[int]"),)
    INVALID = (
        Invalid(
            "from __future__ import annotations\n"
            + model("self.sizes = []", "return x * len(self.sizes)", declared="sizes: List[int]  # <-"),
            "Unknown type annotation",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem) -> Diagnostic | None:
        if not cls.module.future_annotations:
            return None
        return self.about(
            cls, problem, f"the annotation of `{problem.data['name']}` is a string under the future import"
        )
