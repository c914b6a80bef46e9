"""The rule `number-gets-tensor`."""

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


class NumberGetsTensor(Rule):
    """A name that holds a number before a branch or loop, and gets a tensor in it.

    Python goes on with the tensor. Compiled code turns it into a number, and says nothing; while the model runs it
    refuses a tensor with a gradient, one of several elements, and one of floats where the number is an `int`.
    """

    code = "SK711"
    name = "number-gets-tensor"
    typed = True
    label = "a tensor, turned into a number"
    note = "a name keeps its type in branches and loops: the compiler turns the tensor into a number"
    help = "start with a tensor"
    VALID = (
        forward("total = x.new_zeros(())\nfor i in range(x.size(0)):\n    total = total + x[i]\nreturn total"),
        forward("total = 0.0\nfor i in range(x.size(0)):\n    total = total + x[i].item()\nreturn x * total"),
        forward("total = 0\ntotal = total + x\nreturn total"),
    )
    INVALID = (
        Invalid(
            forward("total = 0.0\nfor i in range(2):\n    total = total + x[i]  # <-\nreturn total", returns="Any"),
            None,
            inputs="(torch.ones(2),)",
        ),
        Invalid(
            forward("total = 0.0\nfor i in range(2):\n    total = total + x[i]  # <-\nreturn x * total"),
            "Cannot input a tensor that requires grad as a scalar argument",
            inputs="(torch.ones(2, requires_grad=True),)",
        ),
        Invalid(
            forward("total = 0.0\nif k > 1:\n    total += x  # <-\nreturn torch.ones(2) * total", "x: Tensor, k: int"),
            "Cannot input a tensor of dimension other than 0 as a scalar argument",
            inputs="(torch.ones(2), 2)",
        ),
        Invalid(
            forward("total = 0\nfor i in range(2):\n    total = total + x[i]  # <-\nreturn x * total"),
            "Cannot input a tensor of type Float as an integral argument",
            inputs="(torch.ones(2),)",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.Assign, ast.AugAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            kind = str(cls.type_of(target))
            if (
                isinstance(target, ast.Name)
                and kind in ("int", "float")
                and str(cls.type_of(node.value)) == "Tensor"
                and cls.is_live(node)
            ):
                yield self.found(
                    cls,
                    node,
                    f"`{target.id}` is a `{kind}` outside this block, and gets a tensor in it",
                    suggestion=f"{target.id} = torch.zeros(<shape>, device=<device>)",
                    method=function.name,
                )
