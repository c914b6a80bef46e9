"""The rule `tuple-list-mix`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import variables
from scriptkit.rules.examples import forward
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class TupleListMix(ProblemRule[variables.TupleListMix]):
    """A list where a tuple is needed."""

    code = "SK216"
    name = "tuple-list-mix"
    raw = (r"Expected a value of type 'Tuple\[[^']*' for argument '\w+' but instead found type 'List\[",)
    kinds = (variables.TupleListMix,)
    note = "a tuple has a known length and a list has not; the compiler turns neither into the other"
    VALID = (
        "def area(size: Tuple[int, int]) -> int:\n    return size[0] * size[1]\n\n"
        + forward("return x * area((2, 3))"),
    )
    INVALID = (
        Invalid(
            "def area(size: Tuple[int, int]) -> int:\n    return size[0] * size[1]\n\n"
            + forward("size = [2, 3]\nreturn x * area(size)  # <-"),
            "Expected a value of type 'Tuple[int, int]' for argument 'size' but instead found type 'List[int]'",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[variables.TupleListMix]) -> Diagnostic:
        expected, actual = problem.data.expected, problem.data.actual
        return self.about(
            cls,
            problem,
            f"a `{actual}` stands where a `{expected}` is needed",
            label=f"a `{actual}`",
            help="write a tuple with its elements",
            suggestion="(<first>, <second>)",
        )
