"""The rule `tuple-index-out-of-range`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import containers
from scriptkit.rules.examples import forward
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class TupleIndexOutOfRange(ProblemRule[containers.TupleIndexOutOfRange]):
    """A tuple indexed past its end."""

    code = "SK221"
    name = "tuple-index-out-of-range"
    kinds = (containers.TupleIndexOutOfRange,)
    label = "past the end"
    note = "the length of a tuple is part of its type"
    help = "use an index within its length"
    VALID = (forward("pair = (x, x + 1)\nreturn pair[1]"),)
    INVALID = (Invalid(forward("pair = (x, x + 1)\nreturn pair[2]  # <-"), "Tuple index out of range"),)

    def describe(self, cls: ClassFacts, problem: Problem[containers.TupleIndexOutOfRange]) -> Diagnostic:
        return self.about(cls, problem, f"index {problem.data.index} of a `{problem.data.type}`")
