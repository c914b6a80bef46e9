"""The rule `generic-function`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import declarations
from scriptkit.rules.examples import forward
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class GenericFunction(ProblemRule[declarations.GenericFunction]):
    """A `TypeVar` in a compiled signature."""

    code = "SK431"
    name = "generic-function"
    once = True
    raw = ()
    kinds = (declarations.GenericFunction,)
    label = "stands for many types"
    note = "a compiled function has one type for each parameter"
    help = "write the function for the type it is used with"
    VALID = ("def first(xs: List[Tensor]) -> Tensor:\n    return xs[0]\n\n" + forward("return first([x])"),)
    INVALID = (
        Invalid(
            "from typing import TypeVar\n\nT = TypeVar('T')\n\ndef first(xs: List[T]) -> T:  # <-\n    return xs[0]\n\n"
            + forward("return first([x])"),
            "Unknown type name 'T'",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[declarations.GenericFunction]) -> Diagnostic:
        name, text = problem.data.name, problem.data.text
        return self.about(cls, problem, f"the signature of `{name}` contains the type variable `{text}`")
