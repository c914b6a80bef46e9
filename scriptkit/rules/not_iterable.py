"""The rule `not-iterable`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import containers
from scriptkit.rules.examples import forward
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class NotIterable(ProblemRule[containers.NotIterable]):
    """A loop or comprehension over a value that is no collection."""

    code = "SK224"
    name = "not-iterable"
    raw = ("'[^']*' object is not iterable",)
    kinds = (containers.NotIterable,)
    note = (
        "the compiler iterates over lists, tuples, dicts, strings, "
        "tensors, `range`, `enumerate`, `zip` and module containers"
    )
    help = "iterate over `range(n)`, or over a list"
    VALID = (forward("for i in range(x.size(0)):\n    x = x + i\nreturn x"),)
    INVALID = (Invalid(forward("for i in x.size(0):  # <-\n    x = x + i\nreturn x"), "'int' object is not iterable"),)

    def describe(self, cls: ClassFacts, problem: Problem[containers.NotIterable]) -> Diagnostic:
        return self.about(
            cls, problem, f"a `{problem.data.type}` cannot be iterated over", label=f"`{problem.data.type}` here"
        )
