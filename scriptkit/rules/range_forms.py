"""The rule `range-forms`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import calls
from scriptkit.language.values import LAZY
from scriptkit.rules.examples import forward
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class RangeForms(ProblemRule[calls.RangeForms]):
    """`range` of something other than ints, or a `range`, `enumerate` or `zip` that is used as a value."""

    code = "SK428"
    name = "range-forms"
    kinds = (calls.RangeForms,)
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

    def describe(self, cls: ClassFacts, problem: Problem[calls.RangeForms]) -> Diagnostic:
        why = problem.data.why
        value = why in LAZY
        return self.about(
            cls,
            problem,
            f"a `{why}` is used as a value" if value else "`range` is given something other than an `int`",
            label=f"a `{why}` as a value" if value else f"given a `{why}`" if why.isidentifier() else "no `int`",
            help=f"write `{why}` where the loop is" if value else "convert it to `int`",
            suggestion=f"for i in {why}(...):" if value else "range(int(<count>))",
        )
