"""The rule `object-attribute`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import attributes
from scriptkit.rules.examples import forward
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class ObjectAttribute(ProblemRule[attributes.ObjectAttribute]):
    """An attribute or method that values of this type do not have in TorchScript."""

    code = "SK230"
    name = "object-attribute"
    raw = ("' object has no attribute or method '",)
    kinds = (attributes.ObjectAttribute,)
    VALID = (forward("names = [n.upper() for n in names]\nreturn names", "names: List[str]", "List[str]"),)
    INVALID = (
        Invalid(
            forward("return name.casefold()  # <-", "name: str", "str"),
            "'str' object has no attribute or method 'casefold'",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[attributes.ObjectAttribute]) -> Diagnostic:
        name, kind = problem.data.name, problem.data.type
        what = "method" if problem.data.method else "attribute"
        return self.about(
            cls,
            problem,
            f"a `{kind}` has no {what} `{name}` in TorchScript",
            label=f"no {what} of a `{kind}`",
            note="the compiler has a part of Python's methods; what is missing is not looked up in Python",
            help="use another way to compute it, or compute it outside compiled code",
        )
