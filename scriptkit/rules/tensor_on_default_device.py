"""The rule `tensor-on-default-device`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.examples import forward
from scriptkit.rules.reading import nodes
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class TensorOnDefaultDevice(Rule):
    """A new tensor without a device, that meets another tensor.

    It is made on the CPU. On a GPU the model fails, with an error that names no line.
    """

    code = "SK803"
    name = "tensor-on-default-device"
    severity = "warning"
    label = "made on the default device"
    note = "a tensor made without `device=` lives on the CPU, wherever the inputs are"
    help = "pass the device of the tensor it meets"
    VALID = (forward("return x + torch.zeros(3, device=x.device)"), forward("return x + torch.zeros_like(x)"))
    INVALID = (
        Invalid(
            forward("return x + torch.zeros(3)  # <-"),
            "Tensor on device cpu is not on the expected device",
            inputs='(torch.ones(3, device="meta"),)',
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.Call):
            name = (cls.module.dotted(node.func) or "").removeprefix("torch.")
            if name not in FACTORIES or any(k.arg in ("device", None) for k in node.keywords) or not cls.is_live(node):
                continue
            if _meets_tensor(cls, node) or any(_meets_tensor(cls, use) for use in _uses(cls, node, function.node)):
                yield self.found(
                    cls,
                    node,
                    f"`torch.{name}` makes a tensor without a device",
                    suggestion=f"{ast.unparse(node)[:-1]}, device=<tensor>.device)",
                    method=function.name,
                )


FACTORIES = (
    "tensor",
    "zeros",
    "ones",
    "full",
    "empty",
    "arange",
    "linspace",
    "eye",
    "rand",
    "randn",
    "randint",
    "randperm",
)


def _meets_tensor(cls: ClassFacts, node: ast.expr) -> bool:
    """Whether an operator joins it with another tensor."""
    above = cls.module.parent(node)
    if isinstance(above, ast.BinOp):
        other = above.right if above.left is node else above.left
        return str(cls.type_of(other)) == "Tensor"
    return False


def _uses(cls: ClassFacts, node: ast.Call, function: ast.AST) -> Iterator[ast.Name]:
    """The places that read the name it is assigned to."""
    match cls.module.parent(node):
        case ast.Assign(targets=[ast.Name(id=name)]):
            for use in ast.walk(function):
                if isinstance(use, ast.Name) and use.id == name and isinstance(use.ctx, ast.Load):
                    yield use
