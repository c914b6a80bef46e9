"""The rule `argument-type-mismatch`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.problems import arguments
from scriptkit.rules.examples import forward
from scriptkit.rules.reading import quoted
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class ArgumentTypeMismatch(ProblemRule[arguments.ArgumentTypeMismatch]):
    """An argument that does not have the type of its parameter."""

    code = "SK423"
    name = "argument-type-mismatch"
    raw = (r"^(?!.*variants are available).*but instead found type",)
    kinds = (arguments.ArgumentTypeMismatch,)
    note = "the compiler converts no argument, except a tensor of one element to a number; an `int` is no `float`"
    VALID = (
        "def scaled(x: Tensor, k: float) -> Tensor:\n    return x * k\n\n"
        + forward("return scaled(x, float(n))", "x: Tensor, n: int"),
    )
    INVALID = (
        Invalid(
            "def scaled(x: Tensor, k: float) -> Tensor:\n    return x * k\n\n"
            + forward("return scaled(x, n)  # <-", "x: Tensor, n: int"),
            "Expected a value of type 'float' for argument 'k' but instead found type 'int'",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[arguments.ArgumentTypeMismatch]) -> Diagnostic:
        function, parameter = problem.data.function, problem.data.parameter
        expected, actual = str(problem.data.expected), str(problem.data.actual)
        number = actual == "int" and expected in ("float", "Optional[float]")
        text = ast.unparse(problem.node) if isinstance(problem.node, ast.expr) else "<value>"
        return self.about(
            cls,
            problem,
            f"`{parameter}` of {quoted(function)} is a `{expected}`, and gets a `{actual}`",
            label=f"a `{actual}`",
            help="convert it" if number else "convert it, or declare the parameter for this type",
            suggestion=f"float({text})"
            if number and not isinstance(problem.node, ast.Call)
            else "float(<value>)"
            if number
            else "",
        )
