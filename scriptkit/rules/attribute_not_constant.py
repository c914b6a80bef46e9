"""The rule `attribute-not-constant`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.rules.examples import model
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts
    from scriptkit.language.problems import Problem


class AttributeNotConstant(ProblemRule):
    """An attribute that is not `Final`, where the compiler needs a constant."""

    code = "SK113"
    name = "attribute-not-constant"
    kinds = ("attribute-not-constant",)
    label = "not a compile-time constant"
    note = "a branch is skipped, and a module or tuple element is picked, by constants only, as `Final` attributes are"
    VALID = (
        model(
            "self.flip = False\nself.skip = None",
            "if self.flip:\n    x = self.skip(x)\nreturn x",
            declared="flip: Final[bool]",
        ),
    )
    INVALID = (
        Invalid(
            """
            class Model(nn.Module):
                def __init__(self, has_skip: bool = False) -> None:
                    super().__init__()
                    self.has_skip = has_skip
                    self.skip = nn.Linear(2, 2) if has_skip else None

                def forward(self, x: Tensor) -> Tensor:
                    if self.has_skip:  # <-
                        x = x + self.skip(x)
                    return x
            """,
            "cannot call a value of type 'NoneType'",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem) -> Diagnostic:
        name = problem.data["name"]
        return self.about(
            cls,
            problem,
            f"`self.{name}` is not `Final`, and {problem.data['use']}",
            help=f"declare `{name}` as `Final` in the body of `{cls.name}`",
            suggestion=f"{name}: Final[<type>]",
        )
