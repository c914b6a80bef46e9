"""The rule `module-container-mutation`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import modules
from scriptkit.rules.examples import model
from scriptkit.rules.reading import quoted
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class ModuleContainerMutation(ProblemRule[modules.ModuleContainerMutation]):
    """A container of modules that compiled code changes."""

    code = "SK305"
    name = "module-container-mutation"
    raw = ("Unknown type name 'Module'",)
    kinds = (modules.ModuleContainerMutation,)
    label = "changes the modules"
    note = "the compiler unrolls a container of modules, so its modules are fixed when the constructor ends"
    help = "add the module in `__init__`"
    VALID = (
        model(
            "self.blocks = nn.ModuleList([nn.ReLU()])\nself.blocks.append(nn.Tanh())",
            "for block in self.blocks:\n    x = block(x)\nreturn x",
        ),
    )
    INVALID = (
        Invalid(
            model(
                "self.blocks = nn.ModuleList([nn.ReLU()])\nself.act = nn.Tanh()",
                "self.blocks.append(self.act)  # <-\nreturn x",
            ),
            "Unknown type name 'Module'",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[modules.ModuleContainerMutation]) -> Diagnostic:
        method = problem.data.method
        text = problem.data.text.removesuffix(f".{method}")
        return self.about(cls, problem, f"{quoted(text)} is changed by `{method}` in compiled code")
