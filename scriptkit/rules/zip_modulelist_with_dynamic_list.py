"""The rule `zip-modulelist-with-dynamic-list`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import modules
from scriptkit.rules.examples import model
from scriptkit.rules.reading import quoted
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class ZipModulelistWithDynamicList(ProblemRule[modules.ZipLengthMismatch]):
    """A container of modules iterated together with a list.

    The compiler unrolls the loop over the modules, and must know that the list is as long.
    """

    code = "SK314"
    name = "zip-modulelist-with-dynamic-list"
    kinds = (modules.ZipLengthMismatch,)
    note = "a loop over modules is unrolled, so everything zipped with them must have a known length, as tuples have"
    help = "iterate over the modules with `enumerate`, and index the list"
    VALID = (
        model(
            "self.blocks = nn.ModuleList([nn.ReLU(), nn.Tanh()])",
            "out: List[Tensor] = []\nfor i, block in enumerate(self.blocks):\n    out.append(block(xs[i]))\nreturn out",
            "xs: List[Tensor]",
            "List[Tensor]",
        ),
    )
    INVALID = (
        Invalid(
            model(
                "self.blocks = nn.ModuleList([nn.ReLU(), nn.Tanh()])",
                "out: List[Tensor] = []\nfor block, x in zip(self.blocks, xs):  # <-\n"
                "    out.append(block(x))\nreturn out",
                "xs: List[Tensor]",
                "List[Tensor]",
            ),
            "Can not iterate over a module list or tuple with a "
            "value that does not have a statically determinable length",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[modules.ZipLengthMismatch]) -> Diagnostic:
        container, other = problem.data.container, problem.data.other
        return self.about(
            cls,
            problem,
            f"{quoted(container)} is zipped with {quoted(other)}, whose length is unknown",
            label="modules and a list of any length",
            suggestion=f"for i, module in enumerate({container}):\n    <x> = {other}[i]",
        )
