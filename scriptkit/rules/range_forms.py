"""The rule `range-forms`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.rules.examples import forward
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts
    from scriptkit.language.problems import Problem


class RangeForms(ProblemRule):
    """`range` of something other than ints, or a `range` kept in a variable."""

    code = "SK428"
    name = "range-forms"
    kinds = ("range-forms",)
    note = "the compiler knows `range` as the source of a loop, over ints"
    VALID = (forward("for i in range(int(steps)):\n    x = x + i\nreturn x", "x: Tensor, steps: Tensor"),)
    INVALID = (
        Invalid(
            forward("for i in range(steps):  # <-\n    x = x + i\nreturn x", "x: Tensor, steps: Tensor"),
            "all inputs of range must be ints",
        ),
        Invalid(
            forward("steps = range(3)\nreturn x * len(steps)  # <-"),
            "range cannot be used as a value",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem) -> Diagnostic:
        why = problem.data["why"]
        value = "value" in why or "variable" in why
        return self.about(
            cls,
            problem,
            "a `range` is kept as a value" if value else "`range` is given something other than an `int`",
            label="a `range` as a value" if value else f"given a `{why}`" if why.isidentifier() else "no `int`",
            help="write `range` where the loop is" if value else "convert it to `int`",
            suggestion="for i in range(<count>):" if value else "range(int(<count>))",
        )
