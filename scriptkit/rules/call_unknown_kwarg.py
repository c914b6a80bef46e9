"""The rule `call-unknown-kwarg`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import arguments
from scriptkit.rules.examples import forward
from scriptkit.rules.reading import quoted
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class CallUnknownKwarg(ProblemRule[arguments.CallUnknownKwarg]):
    """A keyword argument that the function does not have in TorchScript, often a NumPy name."""

    code = "SK421"
    name = "call-unknown-kwarg"
    raw = (r"The following variants .*Keyword argument \w+ unknown", r"Keyword argument \w+ unknown")
    kinds = (arguments.CallUnknownKwarg,)
    note = "the compiler matches keywords with the operator's own parameters, and knows no NumPy aliases"
    VALID = (forward("return torch.cat([x, x], dim=1).sum(dim=0, keepdim=True)"),)
    INVALID = (
        Invalid(forward("return torch.cat([x, x], axis=1)  # <-"), "Keyword argument axis unknown"),
        Invalid(forward("return x.sum(dim=0, keepdims=True)  # <-"), "Keyword argument keepdims unknown"),
    )

    def describe(self, cls: ClassFacts, problem: Problem[arguments.CallUnknownKwarg]) -> Diagnostic:
        function, keyword, better = problem.data.function, problem.data.keyword, problem.data.replacement
        return self.about(
            cls,
            problem,
            f"{quoted(function)} has no parameter `{keyword}`",
            label=f"`{keyword}=`",
            help=f"write `{better}=`" if better else "leave it out, or use the parameter that is meant",
            suggestion=f"{better}=<value>" if better else "",
        )
