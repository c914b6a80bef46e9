"""The rule `empty-attribute-untyped`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import attributes
from scriptkit.rules.examples import model
from scriptkit.rules.rule import Invalid, ProblemRule, related

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class EmptyAttributeUntyped(ProblemRule[attributes.EmptyAttributeUntyped]):
    """An attribute that starts as `[]`, `{}` or `None`, without a type in the class body.

    The compiler infers the type of an attribute from its value, and an empty value says nothing. It reads the class
    body, and not the annotation of `self.x` in `__init__`.
    """

    code = "SK107"
    name = "empty-attribute-untyped"
    once = True
    raw = (
        r"to a TorchScript type\. (List trace inputs must have elements|Dictionary inputs must have entries)",
        r"Wrong type for attribute assignment\. Expected NoneType but got",
    )
    kinds = (attributes.EmptyAttributeUntyped,)
    note = "the compiler infers the type of an attribute from its value, and an empty value says nothing"
    VALID = (
        model(
            "self.prev = None",
            "prev = self.prev\nself.prev = x\nreturn x if prev is None else x + prev",
            declared="prev: Optional[Tensor]",
        ),
    )
    INVALID = (
        Invalid(
            model("self.prev = None", "self.prev = x  # <-\nreturn x"),
            "Wrong type for attribute assignment. Expected NoneType but got Tensor",
        ),
        Invalid(model("self.sizes = []", "return x * len(self.sizes)  # <-"), "List trace inputs must have elements"),
        Invalid(model("self.counts = {}", "return x * len(self.counts)  # <-"), "Dictionary inputs must have entries"),
    )

    def describe(self, cls: ClassFacts, problem: Problem[attributes.EmptyAttributeUntyped]) -> Diagnostic:
        name, value = problem.data.name, problem.data.value
        return self.about(
            cls,
            problem,
            f"`self.{name}` starts as `{value}`, and the body of `{cls.name}` declares no type",
            label="its type is unknown" if value != "None" else "always `None` for the compiler",
            help=f"declare `{name}` in the body of `{cls.name}`",
            suggestion=f"{name}: {_DECLARED.get(value, '<type>')}",
            also=related(problem, f"starts as `{value}`"),
        )


_DECLARED = {"[]": "List[<element type>]", "{}": "Dict[<key type>, <value type>]", "None": "Optional[<type>]"}
