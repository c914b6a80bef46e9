"""The rule `unused-method`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import modules
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class UnusedMethod(ProblemRule[modules.UnusedMethodCalled]):
    """A method marked `unused` that compiled code calls without a guard. It compiles, and raises when it is called."""

    code = "SK315"
    name = "unused-method"
    kinds = (modules.UnusedMethodCalled,)
    label = "raises when compiled code gets here"
    note = "the compiler replaces the body of an `unused` method by an exception"
    help = "guard the call, or take the mark off"
    VALID = (
        """
        class Model(nn.Module):
            @torch.jit.unused
            def log(self, x: Tensor) -> Tensor:
                print(sorted({1, 2}))
                return x

            def forward(self, x: Tensor) -> Tensor:
                if not torch.jit.is_scripting():
                    x = self.log(x)
                return x
        """,
    )
    INVALID = (
        Invalid(
            """
            class Model(nn.Module):
                @torch.jit.unused
                def log(self, x: Tensor) -> Tensor:
                    print(sorted({1, 2}))
                    return x

                def forward(self, x: Tensor) -> Tensor:
                    return self.log(x)  # <-
            """,
            "annotated to be ignored and cannot be run",
            inputs="(torch.ones(2),)",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[modules.UnusedMethodCalled]) -> Diagnostic:
        name = problem.data.name
        return self.about(
            cls, problem, f"`{name}` is marked `unused`, and is called", suggestion="if not torch.jit.is_scripting():"
        )
