"""The rule `optional-element-not-refined`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import optionals
from scriptkit.rules.examples import forward
from scriptkit.rules.reading import quoted
from scriptkit.rules.rule import Invalid, ProblemRule, related

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class OptionalElementNotRefined(ProblemRule[optionals.OptionalElementNotRefined]):
    """An element of a list or dict of `Optional`, checked for `None` and then used.

    A check refines the type of a local name, never of an element.
    """

    code = "SK203"
    name = "optional-element-not-refined"
    raw = ()
    kinds = (optionals.OptionalElementNotRefined,)
    note = "the compiler refines the types of local names only, never of elements"
    VALID = (
        forward(
            "first = xs[0]\nif first is not None:\n    return first + 1\nreturn torch.zeros(1)",
            "xs: List[Optional[Tensor]]",
        ),
    )
    INVALID = (
        Invalid(
            forward(
                "if xs[0] is not None:\n    return xs[0] + 1  # <-\nreturn torch.zeros(1)", "xs: List[Optional[Tensor]]"
            ),
            "but instead found type 'Optional[Tensor]'",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[optionals.OptionalElementNotRefined]) -> Diagnostic:
        text = problem.data.text
        return self.about(
            cls,
            problem,
            f"checking {quoted(text)} for `None` does not refine its type"
            if problem.related
            else f"{quoted(text)} may be `None` here",
            label=f"still `{problem.data.type}` here",
            help="copy the element to a local name, then check and use that",
            suggestion=f"element = {text}\nif element is not None:",
            also=related(problem, "checked here"),
        )
