"""The rule `builtin-signature`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import calls
from scriptkit.rules.examples import forward
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class BuiltinSignature(ProblemRule[calls.BuiltinSignature]):
    """A built-in function in a form that compiled code does not have."""

    code = "SK417"
    name = "builtin-signature"
    raw = (r"Arguments for call are not valid.*aten::sum\.dim_IntList.* sum\(",)
    supersedes = ("lambda-expression",)
    kinds = (calls.BuiltinSignature,)
    note = (
        "compiled built-ins take their simplest form: no `key=`, "
        "no `default=`, no `start`; `sum` takes lists of numbers"
    )
    VALID = (forward("return torch.stack(xs).sum(0)", "xs: List[Tensor]"),)
    INVALID = (Invalid(forward("return sum(xs)  # <-", "xs: List[Tensor]"), "aten::sum.dim_IntList(Tensor self"),)

    def describe(self, cls: ClassFacts, problem: Problem[calls.BuiltinSignature]) -> Diagnostic:
        name = problem.data.name.removeprefix("builtins.")
        return self.about(
            cls,
            problem,
            f"`{name}` in this form is not available in TorchScript",
            label="a form of Python only",
            help=_HELP.get(name, "use the simple form, or write a loop"),
            suggestion=_CODE.get(name, ""),
        )


_HELP = {
    "sum": "add tensors with torch",
    "min": "write a loop, or use `torch.min`",
    "max": "write a loop, or use `torch.max`",
    "sorted": "sort a tensor with `torch.sort`",
}
_CODE = {"sum": "torch.stack(<tensors>).sum(0)"}
