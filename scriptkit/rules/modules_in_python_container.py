"""The rule `modules-in-python-container`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import attributes
from scriptkit.rules.examples import model
from scriptkit.rules.rule import Invalid, ProblemRule, related

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class ModulesInPythonContainer(ProblemRule[attributes.AttributeUnsupportedType]):
    """Submodules in a Python list or dict.

    Neither the compiler nor `nn.Module` sees them: their parameters would not even be trained.
    """

    code = "SK105"
    name = "modules-in-python-container"
    once = True
    raw = ()
    kinds = (attributes.AttributeUnsupportedType,)
    label = "holds modules in a Python container"
    note = "only modules assigned to attributes, or held in `ModuleList` and `ModuleDict`, are submodules"
    VALID = (
        model(
            "self.layers = nn.ModuleList([nn.Linear(2, 2)])", "for layer in self.layers:\n    x = layer(x)\nreturn x"
        ),
    )
    INVALID = (
        Invalid(
            model("self.layers = [nn.Linear(2, 2)]", "for layer in self.layers:  # <-\n    x = layer(x)\nreturn x"),
            "failed to convert Python type: 'list'",
        ),
        Invalid(
            model(
                'self.heads = {"a": nn.Linear(2, 2)}',
                "for head in self.heads.values():  # <-\n    x = head(x)\nreturn x",
            ),
            "failed to convert Python type: 'dict'",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[attributes.AttributeUnsupportedType]) -> Diagnostic | None:
        name, what = problem.data.name, problem.data.what
        if what not in ("list of modules", "dict of modules"):
            return None
        kind, container = ("list", "ModuleList") if "list" in what else ("dict", "ModuleDict")
        return self.about(
            cls,
            problem,
            f"`self.{name}` is a Python {kind} of modules",
            help=f"make it a `{container}`",
            suggestion=f"self.{name} = nn.{container}({problem.data.value_text})",
            also=related(problem, f"a Python {kind}"),
        )
