"""The rule `module-created-in-forward`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.problems import modules
from scriptkit.rules.examples import forward, model
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class ModuleCreatedInForward(ProblemRule[modules.ModuleCreated]):
    """A module constructed in compiled code."""

    code = "SK310"
    name = "module-created-in-forward"
    raw = (r"Cannot instantiate class '\w+' in a script function", r"Class \w+ does not have an __init__ function")
    kinds = (modules.ModuleCreated,)
    label = "constructs a module"
    note = "modules are made by Python, before the compiler runs"
    VALID = (forward("return F.softmax(x, dim=1)"), model("self.softmax = nn.Softmax(dim=1)", "return self.softmax(x)"))
    INVALID = (
        Invalid(forward("return nn.Softplus()(x)  # <-"), "Cannot instantiate class 'Softplus' in a script function"),
    )

    def describe(self, cls: ClassFacts, problem: Problem[modules.ModuleCreated]) -> Diagnostic:
        name = problem.data.name.rpartition(".")[2]
        attribute = name.lower()
        return self.about(
            cls,
            problem,
            f"`{name}` is constructed in compiled code",
            help="construct it in `__init__`, or call the function of `torch.nn.functional`",
            suggestion=f"self.{attribute} = {ast.unparse(problem.node)}",
        )
