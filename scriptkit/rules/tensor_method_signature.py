"""The rule `tensor-method-signature`."""

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


class TensorMethodSignature(Rule):
    """`x.type("torch.DoubleTensor")`: it compiles, and fails when it is called."""

    code = "SK238"
    name = "tensor-method-signature"
    typed = True
    label = "a type given by its name"
    note = "compiled `type` takes a dtype; a name is refused when the model runs"
    help = "convert with `to` and a dtype"
    VALID = (forward("return x.to(torch.float64)"),)
    INVALID = (Invalid(forward('return x.type("torch.DoubleTensor")  # <-'), "type", inputs="(torch.ones(2),)"),)
    raw = ()

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.Call):
            match node:
                case ast.Call(func=ast.Attribute(value=tensor, attr="type"), args=[ast.Constant(value=str(text))]):
                    if str(cls.type_of(tensor)) == "Tensor" and cls.is_live(node):
                        yield self.found(
                            cls,
                            node,
                            f"`type` is given the name `{text}`",
                            suggestion=f"{ast.unparse(tensor)}.to(<dtype>)",
                            method=function.name,
                        )
