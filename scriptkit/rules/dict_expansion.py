"""The rule `dict-expansion`."""

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


class DictExpansion(Rule):
    """`{**a}` in a dict literal."""

    code = "SK516"
    name = "dict-expansion"
    raw = ("Dict expansion",)
    label = "expands a dict inside a literal"
    note = "a dict literal consists of single keys and values"
    help = "copy the dict and update the copy"
    VALID = (
        forward(
            'both = dict(batch)\nboth.update({"y": batch["x"]})\nreturn both',
            "batch: Dict[str, Tensor]",
            "Dict[str, Tensor]",
        ),
    )
    INVALID = (
        Invalid(
            forward('return {**batch, "y": batch["x"]}  # <-', "batch: Dict[str, Tensor]", "Dict[str, Tensor]"),
            "Dict expansion",
        ),
        Invalid(
            forward('return {"y": batch["x"], **batch}  # <-', "batch: Dict[str, Tensor]", "Dict[str, Tensor]"),
            "has no attribute 'lineno'",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.Dict):
            expanded = next((value for key, value in zip(node.keys, node.values, strict=True) if key is None), None)
            if expanded is not None:
                yield self.found(cls, expanded, f"a dict literal expands {shown(expanded)}", method=function.name)
