"""The rule `branch-types-differ`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import variables
from scriptkit.rules.examples import forward
from scriptkit.rules.rule import Invalid, ProblemRule, related

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class BranchTypesDiffer(ProblemRule[variables.BranchTypesDiffer | variables.TernaryTypesDiffer]):
    """A name, or a conditional expression, that has one type after the `if` and another after the `else`."""

    code = "SK211"
    name = "branch-types-differ"
    raw = (
        "is set to type .* in the true branch and type .* in the false branch",
        "if-expression's true branch has type",
    )
    kinds = (
        variables.BranchTypesDiffer,
        variables.TernaryTypesDiffer,
    )
    note = "a value has one type, whichever branch it comes from; an `int` does not become a `float`"
    VALID = (
        forward("if k > 1:\n    y = 1.25\nelse:\n    y = 0.0\nreturn x * y", "x: Tensor, k: int"),
        forward("dims = [0] if k > 1 else [1]\nreturn x.sum(dims)", "x: Tensor, k: int"),
    )
    INVALID = (
        Invalid(
            forward("if k > 1:\n    y = 1.25\nelse:\n    y = 0  # <-\nreturn x * y", "x: Tensor, k: int"),
            "Type mismatch: y is set to type float in the true branch and type int in the false branch",
        ),
        Invalid(
            forward("dims = [0] if k > 1 else (1,)  # <-\nreturn x.sum(dims)", "x: Tensor, k: int"),
            "if-expression's true branch has type List[int] but false branch has type Tuple[int]",
        ),
    )

    def describe(
        self, cls: ClassFacts, problem: Problem[variables.BranchTypesDiffer | variables.TernaryTypesDiffer]
    ) -> Diagnostic:
        data = problem.data
        one, other = str(data.true_type), str(data.false_type)
        numbers = {one, other} == {"int", "float"}
        help = "write both numbers as `float`" if numbers else "give both branches one type"
        if isinstance(data, variables.BranchTypesDiffer):
            name = data.name
            return self.about(
                cls,
                problem,
                f"`{name}` is `{one}` in one branch and `{other}` in the other",
                label="another type than in the other branch",
                help=help,
                suggestion=f"{name} = 0.0" if numbers else f"{name}: <type of both> = <value>",
                also=related(problem, "assigned here, too", "used here"),
            )
        return self.about(
            cls,
            problem,
            f"a conditional expression is `{one}` or `{other}`",
            label=f"`{one}` or `{other}`",
            help=help,
            suggestion="float(<value>)" if numbers else "",
        )
