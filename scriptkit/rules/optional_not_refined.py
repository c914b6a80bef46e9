"""The rule `optional-not-refined`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import optionals
from scriptkit.rules.examples import forward
from scriptkit.rules.reading import quoted
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class OptionalNotRefined(ProblemRule[optionals.OptionalNotRefined]):
    """An `Optional` value, used where `None` is not accepted."""

    code = "SK202"
    name = "optional-not-refined"
    raw = (
        r"instead found type 'Optional\[[^']*\]'",
        r"'Optional\[[^']*\]' object has no attribute or method",
    )
    kinds = (optionals.OptionalNotRefined,)
    note = (
        "the compiler refines a local name after `is not None`, `is None` with a way out, or `assert ... is not None`"
    )
    VALID = (
        forward("if mask is not None:\n    x = x * mask\nreturn x", "x: Tensor, mask: Optional[Tensor] = None"),
        forward("assert mask is not None\nreturn x * mask", "x: Tensor, mask: Optional[Tensor] = None"),
    )
    INVALID = (
        Invalid(
            forward("return x * mask  # <-", "x: Tensor, mask: Optional[Tensor] = None"),
            "but instead found type 'Optional[Tensor]'",
        ),
        Invalid(
            forward("return x * scale.abs()  # <-", "x: Tensor, scale: Optional[Tensor] = None"),
            "'Optional[Tensor]' object has no attribute or method",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[optionals.OptionalNotRefined]) -> Diagnostic:
        text, declared = problem.data.text, problem.data.type
        name = text if text.isidentifier() else "value"
        return self.about(
            cls,
            problem,
            f"{quoted(text)} may be `None` where a value is needed",
            label=f"`{declared}` here",
            help="check it for `None` before it is used"
            if name == text
            else "give it a local name, and check that for `None`",
            suggestion=f"if {name} is not None:" if name == text else f"{name} = {text}\nif {name} is not None:",
        )
