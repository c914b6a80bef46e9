"""The rule `final-declared-in-init`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.rules.examples import model
from scriptkit.rules.rule import Invalid, ProblemRule, related

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts
    from scriptkit.language.problems import Problem


class FinalDeclaredInInit(ProblemRule):
    """`self.x: Final = ...` in `__init__`.

    The compiler reads `Final` in the class body only; in `__init__` it makes an ordinary attribute. A
    `ScriptableModule` takes both.
    """

    code = "SK112"
    name = "final-declared-in-init"
    lifted = True
    kinds = ("final-in-init",)
    label = "not constant for the compiler"
    note = "the compiler reads `Final` in the class body only"
    VALID = (
        model(
            "self.layers = nn.ModuleList([nn.ReLU(), nn.Tanh()])\nself.last = 1",
            "return self.layers[self.last](x)",
            declared="last: Final[int]",
        ),
    )
    INVALID = (
        Invalid(
            model(
                "self.layers = nn.ModuleList([nn.ReLU(), nn.Tanh()])\nself.last: Final[int] = 1",
                "return self.layers[self.last](x)  # <-",
            ),
            "Expected integer literal for index",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem) -> Diagnostic:
        name = problem.data["name"]
        return self.about(
            cls,
            problem,
            f"`self.{name}` is declared `Final` in `__init__`, where it has no effect",
            help=f"declare it in the body of `{cls.name}`",
            suggestion=f"{name}: Final[<type>]",
            also=related(problem, "declared here"),
        )
