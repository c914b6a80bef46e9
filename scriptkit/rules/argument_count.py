"""The rule `argument-count`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import arguments
from scriptkit.rules.examples import forward
from scriptkit.rules.reading import quoted
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class ArgumentCount(ProblemRule[arguments.MissingArgument | arguments.TooManyArguments]):
    """A call with too few or too many arguments."""

    code = "SK422"
    name = "argument-count"
    raw = (
        r"Argument \w+ not provided",
        r"Expected at most \d+ arguments but found",
    )
    kinds = (
        arguments.MissingArgument,
        arguments.TooManyArguments,
    )
    note = "the compiler matches every argument with a parameter while compiling"
    VALID = ("def scaled(x: Tensor, k: float) -> Tensor:\n    return x * k\n\n" + forward("return scaled(x, 2.0)"),)
    INVALID = (
        Invalid(
            "def scaled(x: Tensor, k: float) -> Tensor:\n    return x * k\n\n" + forward("return scaled(x)  # <-"),
            "Argument k not provided",
        ),
        Invalid(
            "def scaled(x: Tensor, k: float) -> Tensor:\n    return x * k\n\n"
            + forward("return scaled(x, 2.0, 3.0)  # <-"),
            "Expected at most 2 arguments but found 3 positional arguments",
        ),
    )

    def describe(
        self, cls: ClassFacts, problem: Problem[arguments.MissingArgument | arguments.TooManyArguments]
    ) -> Diagnostic:
        data = problem.data
        function = data.function
        if isinstance(data, arguments.MissingArgument):
            parameter = data.parameter
            return self.about(
                cls,
                problem,
                f"{quoted(function)} is called without `{parameter}`",
                label=f"no value for `{parameter}`",
                help="pass it",
            )
        count, most = data.count, data.maximum
        return self.about(
            cls,
            problem,
            f"{quoted(function)} takes {most} {'argument' if most == 1 else 'arguments'}, and gets {count}",
            label="more arguments than parameters",
            help="leave out what it does not take",
        )
