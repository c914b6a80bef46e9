"""The rule `module-argument`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import modules
from scriptkit.rules.examples import model
from scriptkit.rules.reading import quoted, shown
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class ModuleArgument(ProblemRule[modules.ModuleArgument]):
    """A module passed to a function or method."""

    code = "SK309"
    name = "module-argument"
    raw = ("'__torch__[^']*' object is not iterable",)
    supersedes = ("unsupported-annotation",)
    reach = "class"
    kinds = (modules.ModuleArgument,)
    label = "a module as an argument"
    note = "arguments have one declared type, and each module has a type of its own"
    VALID = (model("self.fc = nn.Linear(2, 2)", "return torch.relu(self.fc(x))"),)
    INVALID = (
        Invalid(
            "def twice(layer: nn.Linear, x: Tensor) -> Tensor:\n    return layer(x)\n\n"
            + model("self.fc = nn.Linear(2, 2)", "return twice(self.fc, x)  # <-"),
            "has no attribute or method '__call__'",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[modules.ModuleArgument]) -> Diagnostic:
        function = problem.data.function
        return self.about(
            cls,
            problem,
            f"{shown(problem.node)} is a module, and is passed to {quoted(function)}",
            help=f"call the module here and pass its result, or make `{function}` a method",
        )
