"""The rule `module-not-callable`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.problems import modules
from scriptkit.rules.examples import model
from scriptkit.rules.reading import shown
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class ModuleNotCallable(ProblemRule[modules.ModuleNotCallable]):
    """A module that has no `forward`, called."""

    code = "SK312"
    name = "module-not-callable"
    raw = ()
    kinds = (modules.ModuleNotCallable,)
    label = "has no compiled `forward`"
    note = "calling a module means calling its `forward`"
    help = "iterate over the container and call its modules, or give the class a `forward`"
    VALID = (model("self.blocks = nn.Sequential(nn.ReLU(), nn.Tanh())", "return self.blocks(x)"),)
    INVALID = (
        Invalid(model("self.blocks = nn.ModuleList([nn.ReLU(), nn.Tanh()])", "return self.blocks(x)  # <-"), "forward"),
    )

    def describe(self, cls: ClassFacts, problem: Problem[modules.ModuleNotCallable]) -> Diagnostic:
        return self.about(cls, problem, f"{shown(_callee(problem.node))} has no `forward`, and is called")


def _callee(node: ast.AST) -> ast.AST:
    return node.func if isinstance(node, ast.Call) else node
