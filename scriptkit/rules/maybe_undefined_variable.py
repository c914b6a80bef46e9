"""The rule `maybe-undefined-variable`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import names
from scriptkit.rules.examples import forward
from scriptkit.rules.rule import Invalid, ProblemRule, related

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class MaybeUndefinedVariable(ProblemRule[names.MaybeUndefined]):
    """A local name that is not defined on every path that leads to its use."""

    code = "SK206"
    name = "maybe-undefined-variable"
    raw = (r"\w+ is not defined in the (true|false) branch",)
    kinds = (names.MaybeUndefined,)
    label = "not defined on every path"
    note = "the compiler needs a value for a name on every path that leads to its use"
    VALID = (forward("y = x\nif k > 1:\n    y = x * 2\nreturn y", "x: Tensor, k: int"),)
    INVALID = (
        Invalid(
            forward("if k > 1:\n    y = x * 2\nreturn y  # <-", "x: Tensor, k: int"),
            "y is not defined in the false branch",
        ),
        Invalid(forward("for i in range(k):\n    y = x * i\nreturn y  # <-", "x: Tensor, k: int"), "undefined value y"),
    )

    def describe(self, cls: ClassFacts, problem: Problem[names.MaybeUndefined]) -> Diagnostic:
        name, missing = problem.data.name, problem.data.missing
        where = {"true branch": "the branch that defines it not", "loop": "a loop that runs no time"}.get(
            missing, f"the {missing}"
        )
        where = "if the loop never runs" if missing == "loop" else f"in the {missing}"
        return self.about(
            cls,
            problem,
            f"`{name}` is not defined {where}",
            help=f"give `{name}` a value before that",
            suggestion=f"{name} = <initial value>",
            also=related(problem, "defined here only"),
        )
