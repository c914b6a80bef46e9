"""The rule `module-container-method`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import modules
from scriptkit.rules.examples import model
from scriptkit.rules.reading import quoted
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class ModuleContainerMethod(ProblemRule[modules.ModuleContainerMethod]):
    """A method that compiled containers of modules do not have."""

    code = "SK306"
    name = "module-container-method"
    raw = ("has no attribute 'get'",)
    kinds = (modules.ModuleContainerMethod,)
    label = "missing from compiled containers"
    note = "compiled containers have `len`, `in`, iteration, and `keys`, `values`, `items` of a `ModuleDict`"
    help = "iterate over the container"
    VALID = (
        model(
            'self.heads = nn.ModuleDict({"a": nn.ReLU()})',
            "for head in self.heads.values():\n    x = head(x)\nreturn x",
        ),
    )
    INVALID = (
        Invalid(
            model('self.heads = nn.ModuleDict({"a": nn.ReLU()})', 'head = self.heads.get("a")  # <-\nreturn x'),
            "has no attribute 'get'",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[modules.ModuleContainerMethod]) -> Diagnostic:
        method = problem.data.method
        text = problem.data.text.removesuffix(f".{method}")
        return self.about(cls, problem, f"{quoted(text)} has no `{method}` in TorchScript")
