"""The rule `attribute-conditionally-defined`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import attributes
from scriptkit.rules.rule import Invalid, ProblemRule, related

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class AttributeConditionallyDefined(ProblemRule[attributes.AttributeConditionallyDefined]):
    """An attribute that `__init__` sets under a condition only, used without a guard the compiler understands.

    The compiler skips a branch whose condition is constant: a `Final` attribute, a comparison with `None`,
    `hasattr`. Any other branch is compiled for every instance, also for those that lack the attribute.
    """

    code = "SK102"
    name = "attribute-conditionally-defined"
    once = True
    raw = ()
    kinds = (attributes.AttributeConditionallyDefined,)
    label = "missing in some instances"
    note = "the compiler skips a branch only if its condition is constant: a `Final`, `is None`, or `hasattr`"
    VALID = (
        """
        class Model(nn.Module):
            def __init__(self, merge: bool = False) -> None:
                super().__init__()
                self.merge = nn.Linear(2, 2) if merge else None

            def forward(self, x: Tensor) -> Tensor:
                if self.merge is not None:
                    x = self.merge(x)
                return x
        """,
        """
        class Model(nn.Module):
            has_merge: Final[bool]

            def __init__(self, has_merge: bool = False) -> None:
                super().__init__()
                self.has_merge = has_merge
                if has_merge:
                    self.merge = nn.Linear(2, 2)

            def forward(self, x: Tensor) -> Tensor:
                if self.has_merge:
                    x = self.merge(x)
                return x
        """,
    )
    INVALID = (
        Invalid(
            """
            class Model(nn.Module):
                def __init__(self, has_merge: bool = False) -> None:
                    super().__init__()
                    self.has_merge = has_merge
                    if has_merge:
                        self.merge = nn.Linear(2, 2)

                def forward(self, x: Tensor) -> Tensor:
                    if self.has_merge:
                        x = self.merge(x)  # <-
                    return x
            """,
            "Module 'Model' has no attribute 'merge'",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[attributes.AttributeConditionallyDefined]) -> Diagnostic:
        name = problem.data.name
        guarded = "set it to `None` otherwise, and guard the use with `is not None`"
        return self.about(
            cls,
            problem,
            f"`self.{name}` is set under a condition in `__init__`, and used without a constant guard",
            help=guarded if problem.data.module else f"set `self.{name}` on every path through `__init__`",
            suggestion=f"self.{name} = None" if problem.data.module else f"self.{name} = <default>",
            also=related(problem, "set under a condition"),
        )
