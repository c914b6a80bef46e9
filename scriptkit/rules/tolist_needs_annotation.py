"""The rule `tolist-needs-annotation`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import calls
from scriptkit.rules.examples import forward
from scriptkit.rules.reading import quoted
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class TolistNeedsAnnotation(ProblemRule[calls.TolistUnannotated]):
    """`x.tolist()` assigned to a name without an annotation."""

    code = "SK233"
    name = "tolist-needs-annotation"
    kinds = (calls.TolistUnannotated,)
    label = "how deep is this list, and of what?"
    note = "the type of the list depends on the tensor's dimensions and dtype, so the compiler needs it declared"
    help = "assign it to an annotated name"
    VALID = (forward("sizes: List[int] = x.long().tolist()\nreturn sizes", returns="List[int]"),)
    INVALID = (
        Invalid(
            forward("sizes = x.long().tolist()  # <-\nreturn sum(sizes)", returns="int"),
            "Expected type hint for result of tolist()",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[calls.TolistUnannotated]) -> Diagnostic:
        text = problem.data.text
        return self.about(
            cls,
            problem,
            f"{quoted(text)} has no declared type",
            label="a list of unknown type",
            suggestion=f"<name>: List[<type>] = {text}",
        )
