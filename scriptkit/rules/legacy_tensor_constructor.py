"""The rule `legacy-tensor-constructor`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.problems import calls
from scriptkit.rules.examples import forward
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class LegacyTensorConstructor(ProblemRule[calls.LegacyTensorConstructor]):
    """`torch.Tensor(...)`, `torch.FloatTensor(...)` and their kin."""

    code = "SK419"
    name = "legacy-tensor-constructor"
    kinds = (calls.LegacyTensorConstructor,)
    label = "a constructor of Python only"
    note = "the compiler has the functions that make tensors, and not the old tensor classes"
    help = "use `torch.tensor` for values, `torch.empty` for sizes"
    VALID = (forward("return x + torch.tensor([1.0, 2.0], device=x.device)"),)
    INVALID = (Invalid(forward("return x + torch.Tensor([1.0, 2.0])  # <-"), "Unknown builtin op: aten::Tensor"),)

    def describe(self, cls: ClassFacts, problem: Problem[calls.LegacyTensorConstructor]) -> Diagnostic:
        arguments = ", ".join(map(ast.unparse, problem.node.args)) if isinstance(problem.node, ast.Call) else "<values>"
        return self.about(
            cls, problem, f"`{problem.data.name}` cannot be compiled", suggestion=f"torch.tensor({arguments})"
        )
