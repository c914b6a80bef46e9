"""The rule `namedtuple-method`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import classes
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class NamedtupleMethod(ProblemRule[classes.NamedtupleMethod]):
    """A method of a `NamedTuple`, such as `_replace` or `_asdict`."""

    code = "SK236"
    name = "namedtuple-method"
    raw = ()
    kinds = (classes.NamedtupleMethod,)
    note = "a `NamedTuple` has fields in compiled code, and no methods"
    help = "make a new one from its fields"
    VALID = (
        """
        class Pair(NamedTuple):
            a: Tensor
            b: Tensor

        class Model(nn.Module):
            def forward(self, x: Tensor) -> Pair:
                pair = Pair(x, x)
                return Pair(pair.a, x + 1)
        """,
    )
    INVALID = (
        Invalid(
            """
            class Pair(NamedTuple):
                a: Tensor
                b: Tensor

            class Model(nn.Module):
                def forward(self, x: Tensor) -> Pair:
                    pair = Pair(x, x)
                    return pair._replace(b=x + 1)  # <-
            """,
            "'_replace'",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[classes.NamedtupleMethod]) -> Diagnostic:
        name, kind = problem.data.name, problem.data.type
        return self.about(
            cls,
            problem,
            f"`{name}` of the NamedTuple `{kind}` does not exist in TorchScript",
            label="a method of the tuple",
            suggestion=f"{kind}(<fields>)",
        )
