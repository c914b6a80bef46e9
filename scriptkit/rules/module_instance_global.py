"""The rule `module-instance-global`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.rules.examples import forward, model
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts
    from scriptkit.language.problems import Problem


class ModuleInstanceGlobal(ProblemRule):
    """A module that lives at module level, called in compiled code.

    It compiles to a call back into Python, which runs in this process and cannot be saved.
    """

    code = "SK801"
    name = "module-instance-global"
    severity = "warning"
    kinds = ("module-instance-global",)
    label = "runs in Python, cannot be saved"
    note = "the compiler keeps a call into Python for it, and a file contains no Python"
    VALID = (model("self.act = nn.ReLU()", "return self.act(x)"),)
    INVALID = (
        Invalid(
            "act = nn.ReLU()\n\n" + forward("return act(x)  # <-"), "Could not export Python function call", saved=True
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem) -> Diagnostic:
        name = problem.data["name"]
        return self.about(
            cls,
            problem,
            f"`{name}` is a module at module level, so the model cannot be saved",
            help="make it a submodule",
            suggestion=f"self.{name.lower()} = {name}",
        )
