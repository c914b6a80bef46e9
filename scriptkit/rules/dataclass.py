"""The rule `dataclass`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import classes
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class Dataclass(ProblemRule[classes.DataclassNotScripted]):
    """A dataclass used in compiled code that is not itself decorated with `@torch.jit.script`.

    The compiler looks for the source of its `__init__`, which Python has generated.
    """

    code = "SK434"
    name = "dataclass"
    raw = (
        r"Failed to get source for <function \S+\.__init__",
        r"Expected <function \S+\.__init__ at \S+> to be a function",  # on Python 3.13
    )
    once = True
    kinds = (classes.DataclassNotScripted,)
    label = "a dataclass that is not scripted"
    note = "the compiler knows how to build a dataclass only if `@torch.jit.script` stands above `@dataclass`"
    help = "decorate the dataclass, or make it a `NamedTuple`"
    VALID = (
        """
        class Out(NamedTuple):
            y: Tensor

        class Model(nn.Module):
            def forward(self, x: Tensor) -> Tensor:
                return Out(x).y
        """,
    )
    INVALID = (
        Invalid(
            """
            from dataclasses import dataclass

            @dataclass
            class Out:
                y: Tensor

            class Model(nn.Module):
                def forward(self, x: Tensor) -> Tensor:
                    return Out(x).y  # <-
            """,
            "Failed to get source for <function Out.__init__",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[classes.DataclassNotScripted]) -> Diagnostic:
        return self.about(
            cls,
            problem,
            f"the dataclass `{problem.data.name}` is not scripted",
            suggestion="@torch.jit.script\n@dataclass",
        )
