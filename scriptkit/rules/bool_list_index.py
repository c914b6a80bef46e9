"""The rule `bool-list-index`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import containers
from scriptkit.rules.examples import forward
from scriptkit.rules.reading import quoted
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class BoolListIndex(ProblemRule[containers.BoolListIndex]):
    """A tensor indexed by a list of bools.

    Python takes them for a mask; compiled code takes them for the indices 0 and 1, and says nothing.
    """

    code = "SK702"
    name = "bool-list-index"
    kinds = (containers.BoolListIndex,)
    label = "the indices 0 and 1 in compiled code"
    note = "compiled code takes a list in an index for ints; a mask must be a tensor"
    help = "make a tensor of the mask"
    VALID = (forward("return x[:, torch.tensor([True, False])]"),)
    INVALID = (Invalid(forward("return x[:, [True, False]]  # <-"), None, inputs="(torch.arange(4.0).view(2, 2),)"),)

    def describe(self, cls: ClassFacts, problem: Problem[containers.BoolListIndex]) -> Diagnostic:
        text = problem.data.text
        return self.about(
            cls,
            problem,
            f"a tensor is indexed by the bools {quoted(text)}",
            suggestion=f"torch.tensor({text}, device=<tensor>.device)",
        )
