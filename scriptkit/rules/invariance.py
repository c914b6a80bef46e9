"""The rule `invariance`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import variables
from scriptkit.rules.examples import forward
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class Invariance(ProblemRule[variables.Invariance]):
    """A list or dict whose elements have a narrower type than the one declared.

    `List[Tensor]` is no `List[Optional[Tensor]]`: whoever takes the second may put a `None` into it.
    """

    code = "SK215"
    name = "invariance"
    raw = (
        r"^(?!.*variants are available).*type '(List|Dict)\[[^']*' for argument '\w+' but instead found type '\1\[",
        r"as having type (List|Dict)\[.* but is actually of type \1\[",
    )
    kinds = (variables.Invariance,)
    note = "containers match only with exactly the same element type"
    VALID = (
        forward(
            'out: Dict[str, Optional[Tensor]] = {}\nout["y"] = x\nreturn out', returns="Dict[str, Optional[Tensor]]"
        ),
    )
    INVALID = (
        Invalid(
            forward('out = {"y": x}\nreturn out  # <-', returns="Dict[str, Optional[Tensor]]"),
            "but is actually of type Dict[str, Tensor]",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[variables.Invariance]) -> Diagnostic:
        expected, actual = problem.data.expected, problem.data.actual
        return self.about(
            cls,
            problem,
            f"a `{actual}` stands where a `{expected}` is needed",
            label=f"a `{actual}`",
            help="declare the container with that type where it is created",
            suggestion=f"<name>: {expected} = <value>",
        )
