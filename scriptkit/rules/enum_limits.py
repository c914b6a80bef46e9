"""The rule `enum-limits`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import classes
from scriptkit.rules.reading import quoted
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class EnumLimits(ProblemRule[classes.EnumLimits]):
    """Something an enum cannot do in compiled code.

    Members can be compared with `==` and have a `.name` and a `.value`; nothing else.
    """

    code = "SK235"
    name = "enum-limits"
    kinds = (classes.EnumLimits,)
    note = "compiled enums have `==`, `!=`, `.name` and `.value`, and can be iterated over"
    VALID = (
        """
        import enum

        class Pool(enum.Enum):
            MEAN = "mean"
            MAX = "max"

        class Model(nn.Module):
            def forward(self, x: Tensor, pool: str) -> Tensor:
                if pool == Pool.MEAN.value:
                    return x.mean()
                return x.max()
        """,
    )
    INVALID = (
        Invalid(
            """
            import enum

            class Pool(enum.Enum):
                MEAN = "mean"
                MAX = "max"

            class Model(nn.Module):
                def forward(self, x: Tensor, pool: str) -> Tensor:
                    if Pool(pool) == Pool.MEAN:  # <-
                        return x.mean()
                    return x.max()
            """,
            "cannot call a EnumClass",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[classes.EnumLimits]) -> Diagnostic | None:
        what, text = problem.data.what, problem.data.text
        if what == "is":
            return None
        message, help = _WORDS.get(what, ("an enum in a form the compiler lacks", "compare the members with `==`"))
        return self.about(cls, problem, f"{quoted(text)}: {message}", label="not possible for an enum", help=help)


_WORDS = {
    "lookup": ("an enum is looked up by a value", "compare the value with `.value` of each member"),
    "iterate": ("an enum is iterated over", "write the members out"),
    "method": ("an enum has no methods in TorchScript", "make the method a function that takes the member"),
    "values": ("the members of an enum have values of different types", "give all members values of one type"),
    "arithmetic": ("an enum member is no number in TorchScript", "use its `.value`"),
}
