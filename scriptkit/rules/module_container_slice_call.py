"""The rule `module-container-slice-call`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import modules
from scriptkit.rules.examples import model
from scriptkit.rules.reading import quoted
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class ModuleContainerSliceCall(ProblemRule[modules.ModuleContainerSliceCall]):
    """A module of a slice, called like a function.

    A slice of a `ModuleList` is a tuple of modules for the compiler, and these have a `forward`, but cannot be
    called.
    """

    code = "SK303"
    name = "module-container-slice-call"
    raw = ()
    kinds = (modules.ModuleContainerSliceCall,)
    label = "a module from a slice"
    note = "a slice of modules is a tuple for the compiler, and its elements cannot be called"
    help = "iterate over the container itself, or call `forward`"
    VALID = (
        model(
            "self.blocks = nn.ModuleList([nn.ReLU(), nn.ReLU()])",
            "for block in self.blocks[1:]:\n    x = block.forward(x)\nreturn x",
        ),
    )
    INVALID = (
        Invalid(
            model(
                "self.blocks = nn.ModuleList([nn.ReLU(), nn.ReLU()])",
                "for block in self.blocks[1:]:\n    x = block(x)  # <-\nreturn x",
            ),
            "has no attribute or method '__call__'",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[modules.ModuleContainerSliceCall]) -> Diagnostic:
        text = problem.data.text
        return self.about(
            cls,
            problem,
            f"{quoted(text)} comes from a slice of modules, and is called",
            suggestion=f"{text}.forward(<arguments>)",
        )
