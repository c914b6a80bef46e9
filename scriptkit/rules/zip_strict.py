"""The rule `zip-strict`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.examples import forward
from scriptkit.rules.reading import nodes, shown
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class ZipStrict(Rule):
    """`zip(..., strict=True)`: compiled code drops the keyword, and stops at the end of the shortest.

    What compares the lengths of its arguments in Python goes on in silence in compiled code.
    """

    code = "SK710"
    name = "zip-strict"
    typed = True
    label = "dropped: no length is compared"
    note = "compiled `zip` reads its positional arguments alone, and stops where the shortest ends"
    help = "compare the lengths before the loop, and leave the keyword out"
    VALID = (
        forward(
            "assert len(xs) == len(weights)\nfor y, weight in zip(xs, weights):\n    x = x + y * weight\nreturn x",
            "x: Tensor, xs: List[Tensor], weights: List[float]",
        ),
        forward("for i, j in zip([1], [2, 3], strict=False):\n    x = x + i * j\nreturn x"),
    )
    INVALID = (
        Invalid(
            forward(
                "n = 0\nfor i, j in zip(xs, ys, strict=True):  # <-\n    n += i * j\nreturn n",
                "xs: List[int], ys: List[int]",
                "int",
            ),
            None,
            inputs="([1], [1, 2])",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.Call):
            strict = next((keyword.value for keyword in node.keywords if keyword.arg == "strict"), None)
            is_off = strict is None or (isinstance(strict, ast.Constant) and not strict.value)
            if not is_off and cls.module.dotted(node.func) == "builtins.zip" and cls.is_live(node):
                yield self.found(cls, node, f"the `strict` of {shown(node)} is dropped", method=function.name)
