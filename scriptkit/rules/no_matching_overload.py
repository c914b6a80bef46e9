"""The rule `no-matching-overload`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import arguments
from scriptkit.rules.examples import forward
from scriptkit.rules.reading import LONGEST_MESSAGE, quoted
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class NoMatchingOverload(ProblemRule[arguments.NoMatchingOverload]):
    """A call for whose argument types torch has no operator."""

    code = "SK424"
    name = "no-matching-overload"
    raw = (r"The following variants are available",)
    kinds = (arguments.NoMatchingOverload,)
    note = "the compiler picks an operator by the types of the arguments"
    help = "convert the argument to the type that the operator takes"
    VALID = (forward("return torch.relu(x)"),)
    INVALID = (Invalid(forward('return torch.sum("a")  # <-', "x: Tensor"), "aten::sum"),)

    def describe(self, cls: ClassFacts, problem: Problem[arguments.NoMatchingOverload]) -> Diagnostic:
        function, why = problem.data.function, problem.data.why
        actual = ", ".join(map(str, problem.data.actual))
        message = f"{quoted(function)} takes no `({actual})`"
        return self.about(
            cls,
            problem,
            message
            if len(message) <= LONGEST_MESSAGE
            else f"{quoted(function)} does not take arguments of these types",
            label="no operator for these types",
            note=f"{self.note}; {why}" if why else self.note,
        )
