"""The rule `tensor-constructor`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import calls
from scriptkit.rules.examples import forward
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class TensorConstructor(ProblemRule[calls.TensorConstructor]):
    """`torch.tensor` of tensors, or of a list of mixed types. It compiles, and fails when it is called."""

    code = "SK234"
    name = "tensor-constructor"
    kinds = (calls.TensorConstructor,)
    note = "compiled `torch.tensor` takes numbers and nested lists of one kind of number"
    VALID = (forward("return torch.stack([x.sum(), x.mean()])"),)
    INVALID = (
        Invalid(
            forward("return torch.tensor([x.sum(), x.mean()])  # <-"),
            "Input must be of ints, floats, or bools, got Tensor",
            inputs="(torch.ones(2),)",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[calls.TensorConstructor]) -> Diagnostic:
        element = str(problem.data.element)
        tensors = element == "Tensor"
        return self.about(
            cls,
            problem,
            f"`torch.tensor` is given a list of `{element}`",
            label=f"elements of type `{element}`",
            help="stack the tensors" if tensors else "convert the elements to one kind of number",
            suggestion="torch.stack(<tensors>)" if tensors else "",
        )
