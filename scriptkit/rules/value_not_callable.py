"""The rule `value-not-callable`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import calls
from scriptkit.rules.examples import forward
from scriptkit.rules.reading import quoted
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class ValueNotCallable(ProblemRule[calls.ValueNotCallable]):
    """A call of a value that is no function."""

    code = "SK427"
    name = "value-not-callable"
    raw = ("cannot call a value of type '",)
    kinds = (calls.ValueNotCallable,)
    label = "no function"
    note = "functions, methods, modules and classes can be called"
    help = "call a function, or use the value itself"
    VALID = (forward("return torch.relu(x)"),)
    INVALID = (Invalid(forward("n = x.size(0)\nreturn x * n(1)  # <-"), "cannot call a value of type 'int'"),)

    def describe(self, cls: ClassFacts, problem: Problem[calls.ValueNotCallable]) -> Diagnostic:
        return self.about(cls, problem, f"{quoted(problem.data.text)} is a `{problem.data.type}`, and is called")
