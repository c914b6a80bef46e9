"""The rule `enum-identity`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import classes
from scriptkit.rules.reading import quoted
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class EnumIdentity(ProblemRule[classes.EnumLimits]):
    """Enum members compared with `is`: in compiled code that is always false."""

    code = "SK703"
    name = "enum-identity"
    kinds = (classes.EnumLimits,)
    label = "always false in compiled code"
    note = "compiled code makes enum members anew, so `is` never finds the same object"
    help = "compare with `==`"
    VALID = (
        """
        import enum

        class Pool(enum.Enum):
            MEAN = 1
            MAX = 2

        class Model(nn.Module):
            def forward(self, x: Tensor, pool: Pool) -> Tensor:
                return x.mean() if pool == Pool.MEAN else x.max()
        """,
    )
    INVALID = (
        Invalid(
            """
            import enum

            class Pool(enum.Enum):
                MEAN = 1
                MAX = 2

            class Model(nn.Module):
                def forward(self, x: Tensor, pool: Pool) -> Tensor:
                    return x.mean() if pool is Pool.MEAN else x.max()  # <-
            """,
            None,
            inputs="(torch.arange(3.0), Pool.MEAN)",
        ),
        Invalid(
            """
            import enum

            class Pool(enum.Enum):
                MEAN = 1
                MAX = 2

            class Model(nn.Module):
                def __init__(self) -> None:
                    super().__init__()
                    self.pool = Pool.MEAN

                def forward(self, x: Tensor) -> Tensor:
                    return x.mean() if self.pool is Pool.MEAN else x.max()  # <-
            """,
            None,
            inputs="(torch.arange(3.0),)",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[classes.EnumLimits]) -> Diagnostic | None:
        if problem.data.what != "is":
            return None
        text = problem.data.text
        better = text.replace(" is not ", " != ").replace(" is ", " == ")
        return self.about(cls, problem, f"{quoted(text)} compares enum members by identity", suggestion=better)
