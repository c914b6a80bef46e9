"""The rule `callable-attribute`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import attributes
from scriptkit.rules.examples import model
from scriptkit.rules.reading import CALLABLES
from scriptkit.rules.rule import Invalid, ProblemRule, related

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class CallableAttribute(ProblemRule[attributes.AttributeUnsupportedType]):
    """A lambda, a `partial` or a list of functions, held in an attribute and called.

    A plain function in an attribute is fine: the compiler compiles it. What Python makes at run time has no source
    for it.
    """

    code = "SK104"
    name = "callable-attribute"
    once = True
    raw = ()
    kinds = (attributes.AttributeUnsupportedType,)
    label = "no type the compiler knows"
    note = (
        "an attribute may hold one named function; lambdas, `partial` and containers of functions have no compiled form"
    )
    VALID = ("def halve(x: Tensor) -> Tensor:\n    return x / 2\n\n" + model("self.act = halve", "return self.act(x)"),)
    INVALID = (
        Invalid(
            model("self.acts = [F.relu, F.gelu]", "for act in self.acts:  # <-\n    x = act(x)\nreturn x"),
            "failed to convert Python type: 'list'",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[attributes.AttributeUnsupportedType]) -> Diagnostic | None:
        name, what = problem.data.name, problem.data.what
        if what not in CALLABLES:
            return None
        return self.about(
            cls,
            problem,
            f"`self.{name}` holds a {what}, which cannot be compiled",
            help="wrap it in an `nn.Module`, in a `ModuleList` if there are several, or call a named function",
            also=related(problem, f"a {what}"),
        )
