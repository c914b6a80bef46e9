"""The rule `returned-tensor-converted`."""

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


class ReturnedTensorConverted(Rule):
    """A tensor returned from a function declared to return a number: compiled code converts it, Python does not."""

    code = "SK709"
    name = "returned-tensor-converted"
    typed = True
    label = "a tensor in Python, a number when compiled"
    note = "the compiler turns a tensor of one element into a number where one is declared"
    help = "convert it where both see it"
    VALID = (forward("return float(x.sum())", returns="float"),)
    INVALID = (Invalid(forward("return x.sum()  # <-", returns="float"), None, inputs="(torch.ones(2),)"),)

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.Return):
            declared = function.node.returns
            if node.value is None or not isinstance(declared, ast.Name) or declared.id not in ("float", "int"):
                continue
            if str(cls.type_of(node.value)) == "Tensor" and cls.is_live(node):
                yield self.found(
                    cls,
                    node.value,
                    f"`{function.name}` is declared to return `{declared.id}`, and returns a tensor",
                    suggestion=f"return {declared.id}({ast.unparse(node.value)})",
                    method=function.name,
                )
