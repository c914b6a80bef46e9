"""The rule `submodule-annotation`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.rules.examples import model
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts
    from scriptkit.language.problems import Problem


class SubmoduleAnnotation(ProblemRule):
    """A declaration of a submodule in the class body.

    The compiler takes the annotation for a TorchScript type, and a module class is none. A `ScriptableModule` may
    have it.
    """

    code = "SK114"
    name = "submodule-annotation"
    lifted = True
    kinds = ("submodule-annotation",)
    label = "taken for a TorchScript type"
    note = "the compiler reads annotations in the class body as TorchScript types, and a module class is none"
    VALID = (model("self.fc: nn.Linear = nn.Linear(2, 2)", "return self.fc(x)"),)
    INVALID = (
        Invalid(
            model("self.fc = nn.Linear(2, 2)", "return self.fc(x)", declared="fc: nn.Linear  # <-"),
            "Expected inferred type to be interface type",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem) -> Diagnostic:
        name, annotation = problem.data["name"], problem.data["annotation"]
        return self.about(
            cls,
            problem,
            f"`{name}: {annotation}` declares a submodule in the class body",
            help="annotate it in `__init__`, where it is assigned",
            suggestion=f"self.{name}: {annotation} = <module>",
        )
