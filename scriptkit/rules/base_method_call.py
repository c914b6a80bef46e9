"""The rule `base-method-call`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import calls
from scriptkit.rules.reading import quoted
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class BaseMethodCall(ProblemRule[calls.SuperCall]):
    """A method called through its class: `Base.forward(self, x)`.

    A `ScriptableModule` may call the methods of its bases so.
    """

    code = "SK410"
    name = "base-method-call"
    lifted = True
    raw = ()
    kinds = (calls.SuperCall,)
    label = "called through its class"
    note = "a compiled module has one set of methods; the methods they override are gone"
    VALID = (
        """
        class Base(nn.Module):
            def scaled(self, x: Tensor) -> Tensor:
                return x * 2

        class Model(Base):
            def forward(self, x: Tensor) -> Tensor:
                return torch.relu(self.scaled(x))
        """,
    )
    INVALID = (
        Invalid(
            """
            class Base(nn.Module):
                def forward(self, x: Tensor) -> Tensor:
                    return x * 2

            class Model(Base):
                def forward(self, x: Tensor) -> Tensor:
                    return torch.relu(Base.forward(self, x))  # <-
            """,
            "forward",
        ),
        Invalid(
            """
            class Model(nn.ReLU):
                def forward(self, x: Tensor) -> Tensor:
                    return nn.ReLU.forward(self, x)  # <-
            """,
            "object has no attribute or method 'inplace'",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[calls.SuperCall]) -> Diagnostic:
        text, method = problem.data.text, problem.data.method
        return self.about(
            cls,
            problem,
            f"{quoted(text)} calls a method through its class",
            help="give the parent's code a name of its own, and call that",
            suggestion=f"self.<name of the parent's {method}>(<arguments>)",
        )
