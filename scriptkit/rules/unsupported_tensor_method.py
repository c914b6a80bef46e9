"""The rule `unsupported-tensor-method`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import attributes
from scriptkit.rules.examples import forward
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class UnsupportedTensorMethod(ProblemRule[attributes.UnsupportedTensorMethod]):
    """A tensor method or attribute that exists in Python only."""

    code = "SK231"
    name = "unsupported-tensor-method"
    raw = (r"'Tensor' object has no attribute or method '\w+'",)
    kinds = (attributes.UnsupportedTensorMethod,)
    note = "compiled tensors have the methods of torch's operators; what Python adds to them is missing"
    VALID = (forward("return x.to(torch.bool)"), forward("return torch.tensor([1.0, 2.0], device=x.device)"))
    INVALID = (
        Invalid(forward("return x.bool()  # <-"), "'Tensor' object has no attribute or method 'bool'"),
        Invalid(
            forward("return x.new_tensor([1.0, 2.0])  # <-"), "'Tensor' object has no attribute or method 'new_tensor'"
        ),
        Invalid(forward("y = x.numpy()  # <-\nreturn x"), "'Tensor' object has no attribute or method 'numpy'"),
    )

    def describe(self, cls: ClassFacts, problem: Problem[attributes.UnsupportedTensorMethod]) -> Diagnostic:
        name = problem.data.name
        help, suggestion = _INSTEAD.get(name, ("use an operator of torch, or do it outside compiled code", ""))
        what = "method" if problem.data.method else "attribute"
        return self.about(
            cls,
            problem,
            f"a tensor has no {what} `{name}` in TorchScript",
            label="exists in Python only",
            help=help,
            suggestion=suggestion,
        )


_INSTEAD = {
    "bool": ("convert with `to`", "<tensor>.to(torch.bool)"),
    "new_tensor": (
        "make the tensor with its device and dtype",
        "torch.tensor(<data>, dtype=<tensor>.dtype, device=<tensor>.device)",
    ),
    "numpy": ("use torch operators on the tensor itself, or convert outside compiled code", ""),
    "data_ptr": ("keep addresses out of compiled code; there is no way to read one", ""),
    "register_hook": ("register the hook outside compiled code", ""),
    "new": (
        "make the tensor with its device and dtype",
        "torch.empty(<size>, dtype=<tensor>.dtype, device=<tensor>.device)",
    ),
    "type_as": ("convert with `to`", "<tensor>.to(<other>)"),
}
