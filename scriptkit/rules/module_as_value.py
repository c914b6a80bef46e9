"""The rule `module-as-value`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.rules.examples import model
from scriptkit.rules.reading import shown
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts
    from scriptkit.language.problems import Problem


class ModuleAsValue(ProblemRule):
    """A module that stands where a value is needed: in a list or tuple, a conditional expression, a second name."""

    code = "SK308"
    name = "module-as-value"
    raw = ("'__torch__[^']*' object has no attribute or method '__call__'",)
    kinds = ("module-as-value",)
    label = "a module is no value"
    note = "each module has a type of its own, so the compiler must see which one is called"
    help = "call it where it is, and choose between the results"
    VALID = (model("self.a = nn.ReLU()\nself.b = nn.Tanh()", "return self.a(x) if x.size(0) > 1 else self.b(x)"),)
    INVALID = (
        Invalid(
            model("self.a = nn.ReLU()\nself.b = nn.Tanh()", "for act in [self.a]:  # <-\n    x = act(x)\nreturn x"),
            "has no attribute or method '__call__'",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem) -> Diagnostic:
        return self.about(cls, problem, f"{shown(problem.node)} is a module, and stands where a value is needed")
