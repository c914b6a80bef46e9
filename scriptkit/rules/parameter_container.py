"""The rule `parameter-container`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import modules
from scriptkit.rules.examples import model
from scriptkit.rules.reading import quoted
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class ParameterContainer(ProblemRule[modules.ParameterContainer]):
    """A `ParameterList` or `ParameterDict`, used in a way compiled code has not."""

    code = "SK307"
    name = "parameter-container"
    raw = ()
    kinds = (modules.ParameterContainer,)
    label = "not known while compiling"
    note = "the compiler unrolls containers of parameters, so it must know every index in advance"
    help = "iterate over it, or stack the parameters to one tensor"
    VALID = (
        model(
            "self.weights = nn.ParameterList([torch.ones(2), torch.ones(2)])",
            "for weight in self.weights:\n    x = x * weight\nreturn x",
        ),
    )
    INVALID = (
        Invalid(
            model(
                "self.weights = nn.ParameterList([torch.ones(2), torch.ones(2)])",
                "for i in range(2):\n    x = x * self.weights[i]  # <-\nreturn x",
            ),
            "Expected integer literal for index",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[modules.ParameterContainer]) -> Diagnostic:
        text, what = problem.data.text, problem.data.what
        lacks = f"has no `{what}` in TorchScript"
        message = "is indexed by what is not known at compile time" if what == "index" else lacks
        return self.about(cls, problem, f"{quoted(text)} {message}", suggestion=f"for parameter in {text}:")
