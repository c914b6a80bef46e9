"""The rule `callable-argument`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import arguments
from scriptkit.rules.examples import forward
from scriptkit.rules.reading import quoted
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class CallableArgument(ProblemRule[arguments.CallableArgument]):
    """A function passed or kept as a value."""

    code = "SK426"
    name = "callable-argument"
    raw = (r"Unknown type constructor Callable", r"(builtin|function) cannot be used as a value")
    kinds = (arguments.CallableArgument,)
    label = "a function is no value"
    note = "the compiler compiles functions by name; a function cannot be passed, returned or kept in a variable"
    help = "call it here, or choose by a number or string which function is called there"
    VALID = ("def halve(x: Tensor) -> Tensor:\n    return x / 2\n\n" + forward("return halve(x)"),)
    INVALID = (
        Invalid(
            """
            def halve(x: Tensor) -> Tensor:
                return x / 2

            class Model(nn.Module):
                def scaled(self, x: Tensor, by: Tensor) -> Tensor:
                    return x * by

                def forward(self, x: Tensor) -> Tensor:
                    return self.scaled(x, halve)  # <-
            """,
            "function cannot be used as a value",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[arguments.CallableArgument]) -> Diagnostic:
        return self.about(cls, problem, f"the function {quoted(problem.data.name)} is used as a value")
