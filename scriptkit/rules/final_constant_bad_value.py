"""The rule `final-constant-bad-value`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.rules.examples import model
from scriptkit.rules.reading import quoted
from scriptkit.rules.rule import Invalid, ProblemRule, related

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts
    from scriptkit.language.problems import Problem


class FinalConstantBadValue(ProblemRule):
    """A `Final` attribute whose value cannot be a constant."""

    code = "SK111"
    name = "final-constant-bad-value"
    kinds = ("final-bad-value",)
    label = "no constant for the compiler"
    note = "constants are numbers, strings, `None`, devices, dtypes, and lists and tuples of them"
    help = "declare it without `Final`, with its type"
    VALID = (model("self.sizes = (1, 2)", "return x * self.sizes[0]", declared="sizes: Final[Tuple[int, int]]"),)
    INVALID = (
        Invalid(
            model('self.sizes = {"a": 1}', 'return x * self.sizes["a"]  # <-', declared="sizes: Final[Dict[str, int]]"),
            "is not a valid constant",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem) -> Diagnostic:
        name = problem.data["name"]
        return self.about(
            cls,
            problem,
            f"`{name}` is `Final`, and {quoted(problem.data['value_text'])} cannot be a constant",
            suggestion=f"{name}: <type>",
            also=related(problem, "its value"),
        )
