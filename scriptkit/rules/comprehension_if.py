"""The rule `comprehension-if`."""

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


class ComprehensionIf(Rule):
    """A comprehension with a condition."""

    code = "SK513"
    name = "comprehension-if"
    label = "this condition filters a comprehension"
    note = "a comprehension makes one element for each element of its source"
    help = "write a loop that appends to an annotated list or fills an annotated dict"
    VALID = (
        forward(
            "kept: List[Tensor] = []\nfor t in xs:\n    if t.size(0) > 1:\n        kept.append(t)\nreturn kept[0]",
            "xs: List[Tensor]",
        ),
    )
    INVALID = (
        Invalid(
            forward("return torch.cat([t for t in xs if t.size(0) > 1])  # <-", "xs: List[Tensor]"),
            "Comprehension ifs are not supported",
        ),
        Invalid(
            forward(
                'return {k: v for k, v in batch.items() if k != "y"}  # <-',
                "batch: Dict[str, Tensor]",
                "Dict[str, Tensor]",
            ),
            "Comprehension ifs are not supported",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.ListComp, ast.DictComp, ast.GeneratorExp):
            if len(node.generators) == 1 and node.generators[0].ifs:
                condition = node.generators[0].ifs[0]
                yield self.found(cls, condition, f"a comprehension filters by {shown(condition)}", method=function.name)
