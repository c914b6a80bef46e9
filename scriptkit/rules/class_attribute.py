"""The rule `class-attribute`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.problems import attributes
from scriptkit.rules.rule import Invalid, ProblemRule, related

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class ClassAttribute(ProblemRule[attributes.ClassAttribute]):
    """An attribute of the class that compiled code reads from `self`.

    The compiler looks at the attributes of the instance, and at the class only for those declared `Final`.
    """

    code = "SK108"
    name = "class-attribute"
    once = True
    raw = ()
    kinds = (attributes.ClassAttribute,)
    label = "an attribute of the class"
    note = "the compiler sees the attributes of the instance, and of the class only those declared `Final`"
    VALID = (
        """
        class Model(nn.Module):
            scale: Final[float] = 2.0

            def forward(self, x: Tensor) -> Tensor:
                return x * self.scale
        """,
    )
    INVALID = (
        Invalid(
            """
            class Model(nn.Module):
                scale = 2.0

                def forward(self, x: Tensor) -> Tensor:
                    return x * self.scale  # <-
            """,
            "has no attribute 'scale'",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[attributes.ClassAttribute]) -> Diagnostic:
        name = problem.data.name
        return self.about(
            cls,
            problem,
            f"`self.{name}` is an attribute of the class, and not `Final`",
            help=f"declare `{name}` as `Final`, or set it in `__init__`",
            suggestion=f"{name}: Final = {_value(cls, name)}",
            also=related(problem, "defined here"),
        )


def _value(cls: ClassFacts, name: str) -> str:
    value = next((c.class_values[name] for c in cls.mro if name in c.class_values), None)
    return ast.unparse(value) if value is not None else "<value>"
