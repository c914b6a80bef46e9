"""The rule `inherited-annotation-lost`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.problems import attributes
from scriptkit.rules.rule import Invalid, ProblemRule, related

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class InheritedAnnotationLost(ProblemRule[attributes.InheritedAnnotationLost]):
    """An attribute annotated in a base class, while the subclass has annotations of its own.

    The compiler reads the annotations of the class itself. A `ScriptableModule` hands it those of all bases.
    """

    code = "SK109"
    name = "inherited-annotation-lost"
    once = True
    raw = ()
    lifted = True
    kinds = (attributes.InheritedAnnotationLost,)
    label = "its declaration is not seen"
    note = "the compiler reads the annotations of one class: its own if it has any, else those of its first base"
    VALID = (
        """
        class Base(nn.Module):
            history: List[int]

            def __init__(self) -> None:
                super().__init__()
                self.history = []

        class Model(Base):
            history: List[int]
            steps: int

            def __init__(self) -> None:
                super().__init__()
                self.steps = 1

            def forward(self, x: Tensor) -> Tensor:
                return x * len(self.history) * self.steps
        """,
    )
    INVALID = (
        Invalid(
            """
            class Base(nn.Module):
                history: List[int]

                def __init__(self) -> None:
                    super().__init__()
                    self.history = []

            class Model(Base):
                steps: int

                def __init__(self) -> None:
                    super().__init__()
                    self.steps = 1

                def forward(self, x: Tensor) -> Tensor:
                    return x * len(self.history) * self.steps  # <-
            """,
            "List trace inputs must have elements",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[attributes.InheritedAnnotationLost]) -> Diagnostic:
        name, base = problem.data.name, problem.data.base
        declaration = problem.related[0] if problem.related else None
        return self.about(
            cls,
            problem,
            f"the annotation of `{name}` in `{base}` is hidden by those of `{cls.name}`",
            help=f"repeat it in the body of `{cls.name}`",
            suggestion=ast.unparse(declaration) if declaration is not None else f"{name}: <type>",
            also=related(problem, "declared here"),
        )
