"""The rule `optional-attribute-not-refined`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import optionals
from scriptkit.language.types import NONE
from scriptkit.rules.examples import model
from scriptkit.rules.reading import quoted
from scriptkit.rules.rule import Invalid, ProblemRule, related

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class OptionalAttributeNotRefined(ProblemRule[optionals.OptionalAttributeNotRefined]):
    """An `Optional` attribute, used where `None` is not accepted.

    A check refines the type of a local name, never of an attribute: some other call might set it to `None` in
    between.
    """

    code = "SK201"
    name = "optional-attribute-not-refined"
    raw = (r"(Optional\[[^']*\]'|Optional\[\w+\]' object has no attribute or method).* self(\.\w+)+ ~+ <--- HERE",)
    kinds = (optionals.OptionalAttributeNotRefined,)
    note = "the compiler refines the types of local names only, never of attributes"
    VALID = (
        model(
            "self.bias = None",
            "bias = self.bias\nif bias is not None:\n    x = x + bias\nreturn x",
            declared="bias: Optional[Tensor]",
        ),
    )
    INVALID = (
        Invalid(
            model(
                "self.bias = None",
                "if self.bias is not None:\n    x = x + self.bias  # <-\nreturn x",
                declared="bias: Optional[Tensor]",
            ),
            "Expected a value of type 'Tensor' for argument 'other' but instead found type 'Optional[Tensor]'",
        ),
        Invalid(
            model("self.bias = None", "return self.bias.abs()  # <-", declared="bias: Optional[Tensor]"),
            "'Optional[Tensor]' object has no attribute or method 'abs'",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[optionals.OptionalAttributeNotRefined]) -> Diagnostic:
        text, declared = problem.data.text, problem.data.type
        local = text.rpartition(".")[2]
        checked = bool(problem.related)
        if declared is NONE:
            return self.about(
                cls,
                problem,
                f"{quoted(text)} may be `None` here",
                label="`None` in some instances",
                note="where it is `None`, the compiler refuses its use, unless a test that it knows skips the code",
                help="check it before: in instances without it, the compiler skips the branch",
                suggestion=f"if {text} is not None:",
            )
        return self.about(
            cls,
            problem,
            f"checking {quoted(text)} for `None` does not refine its type"
            if checked
            else f"{quoted(text)} may be `None` here",
            label=f"still `{declared}` here" if checked else f"`{declared}` here",
            help="copy the attribute to a local name, then check and use that",
            suggestion=f"{local} = {text}\nif {local} is not None:",
            also=related(problem, "checked here"),
        )
