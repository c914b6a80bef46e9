"""The rule `module-container-iteration-limits`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import modules
from scriptkit.rules.examples import model
from scriptkit.rules.reading import quoted
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class ModuleContainerIterationLimits(ProblemRule[modules.ModuleContainerReversed]):
    """A container of modules, iterated backwards."""

    code = "SK304"
    name = "module-container-iteration-limits"
    kinds = (modules.ModuleContainerReversed,)
    label = "backwards over modules"
    note = "the compiler unrolls a container of modules from first to last only"
    help = "keep the modules in a second `ModuleList`, made in reverse order in `__init__`"
    VALID = (
        model(
            "self.blocks = nn.ModuleList([nn.ReLU(), nn.ReLU()])\n"
            "self.backwards = nn.ModuleList(list(self.blocks)[::-1])",
            "for block in self.backwards:\n    x = block(x)\nreturn x",
        ),
    )
    INVALID = (
        Invalid(
            model(
                "self.blocks = nn.ModuleList([nn.ReLU(), nn.ReLU()])",
                "for block in reversed(self.blocks):  # <-\n    x = block(x)\nreturn x",
            ),
            "reversed(Tensor 0) -> Tensor 0",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[modules.ModuleContainerReversed]) -> Diagnostic:
        text = problem.data.text
        return self.about(
            cls,
            problem,
            f"{quoted(text)} is iterated backwards",
            suggestion=f"{text}_reversed = nn.ModuleList(list({text})[::-1])",
        )
