"""The rule `any-typed-value`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import optionals
from scriptkit.rules.examples import forward
from scriptkit.rules.reading import quoted
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class AnyTypedValue(ProblemRule[optionals.AnyTypedValue]):
    """A value of type `Any`, or of a `Union`, used before its type is narrowed."""

    code = "SK227"
    name = "any-typed-value"
    raw = (r"instead found type '(Any|Union\[[^']*)'",)
    kinds = (optionals.AnyTypedValue,)
    note = "the compiler knows what a value can do only after `isinstance` has narrowed its type"
    VALID = (forward("if isinstance(y, int):\n    return x * y\nreturn x", "x: Tensor, y: Any"),)
    INVALID = (Invalid(forward("return x * y  # <-", "x: Tensor, y: Any"), "but instead found type 'Any'"),)

    def describe(self, cls: ClassFacts, problem: Problem[optionals.AnyTypedValue]) -> Diagnostic:
        text = problem.data.text
        return self.about(
            cls,
            problem,
            f"{quoted(text)} is used as a value while its type is `{problem.data.type}`",
            label=f"`{problem.data.type}` here",
            help="narrow its type with `isinstance`, or declare the type it has",
            suggestion=f"if isinstance({text}, <type>):",
        )
