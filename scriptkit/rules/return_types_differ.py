"""The rule `return-types-differ`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import variables
from scriptkit.rules.examples import forward
from scriptkit.rules.rule import Invalid, ProblemRule, related

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class ReturnTypesDiffer(ProblemRule[variables.ReturnTypesDiffer]):
    """A function without a declared result, whose returns have different types."""

    code = "SK213"
    name = "return-types-differ"
    raw = ("Previous return statement returned a value of type",)
    kinds = (variables.ReturnTypesDiffer,)
    note = "a function returns values of one type; without an annotation, that of its first return"
    VALID = (forward("if k > 1:\n    return x\nreturn torch.zeros(1)", "x: Tensor, k: int"),)
    INVALID = (
        Invalid(
            "class Model(nn.Module):\n    def forward(self, x: Tensor, k: int):\n"
            "        if k > 1:\n            return x\n        return k  # <-\n",
            "Previous return statement returned a value of type Tensor "
            "but this return statement returns a value of type int",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[variables.ReturnTypesDiffer]) -> Diagnostic:
        first, second = problem.data.first, problem.data.second
        name = problem.method.name if problem.method else "the function"
        return self.about(
            cls,
            problem,
            f"`{name}` returns `{first}` in one place and `{second}` here",
            label=f"a `{second}`",
            help="return one type, or declare a `Union` of both",
            suggestion=f"-> Union[{first}, {second}]:",
            also=related(problem, f"a `{first}`"),
        )
