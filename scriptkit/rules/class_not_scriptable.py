"""The rule `class-not-scriptable`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts
    from scriptkit.language.problems import Problem


class ClassNotScriptable(ProblemRule):
    """A class of this file that compiled code cannot use."""

    code = "SK437"
    name = "class-not-scriptable"
    kinds = ("class-not-scriptable",)
    label = "not a script class"
    note = "compiled code uses plain classes with typed methods, NamedTuples and enums"
    help = "make it a `NamedTuple`, an enum, or a plain class with typed methods"
    VALID = (
        """
        class Pair(NamedTuple):
            a: Tensor
            b: Tensor

        class Model(nn.Module):
            def forward(self, x: Tensor) -> Tensor:
                return Pair(x, x).a
        """,
    )
    INVALID = (
        Invalid(
            """
            class Failure(Exception):
                def __init__(self, code: int) -> None:
                    self.code = code

            class Model(nn.Module):
                def forward(self, x: Tensor) -> Tensor:
                    failure = Failure(3)  # <-
                    return x * failure.code
            """,
            "Failure",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem) -> Diagnostic:
        why = problem.data["why"]
        return self.about(
            cls,
            problem,
            f"the class `{problem.data['name']}` cannot be used in compiled code",
            note=f"{self.note}: {why}" if why else self.note,
        )
