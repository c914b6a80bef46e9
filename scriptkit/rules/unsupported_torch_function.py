"""The rule `unsupported-torch-function`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import calls
from scriptkit.rules.examples import forward, model
from scriptkit.rules.reading import quoted
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class UnsupportedTorchFunction(ProblemRule[calls.UnsupportedTorchFunction]):
    """A function of torch that is written in Python and has no compiled form."""

    code = "SK418"
    name = "unsupported-torch-function"
    raw = ()
    kinds = (calls.UnsupportedTorchFunction,)
    label = "has no compiled form"
    note = (
        "the compiler has torch's operators and most of "
        "`torch.nn.functional`; what torch writes in free Python is missing"
    )
    VALID = (forward("return x if isinstance(x, Tensor) else x"),)
    INVALID = (
        Invalid(forward("return x if torch.is_tensor(x) else -x  # <-"), "is_tensor"),
        Invalid(
            "from torch.utils.checkpoint import checkpoint\n\n"
            + model("self.fc = nn.Linear(2, 2)", "return checkpoint(self.fc, x)  # <-"),
            "can't take variable number of arguments",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[calls.UnsupportedTorchFunction]) -> Diagnostic:
        name = problem.data.name
        help = _HELP.get(
            name.rpartition(".")[2], "use operators of torch, or move the call to a method marked `@torch.jit.ignore`"
        )
        return self.about(cls, problem, f"{quoted(name)} cannot be compiled", help=help)


_HELP = {
    "is_tensor": "use `isinstance(<value>, Tensor)`",
    "checkpoint": "call the module directly when `torch.jit.is_scripting()`",
    "vmap": "write the batch dimension out",
}
