"""The rule `declaration-without-value`."""

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


class DeclarationWithoutValue(Rule):
    """A local name that is declared, but not assigned: `y: int`."""

    code = "SK520"
    name = "declaration-without-value"
    label = "declared without a value"
    note = "the compiler reads an annotation together with the value it belongs to"
    help = "annotate the name where it is first assigned"
    VALID = (forward("y: int = x.size(0)\nreturn x * y"),)
    INVALID = (
        Invalid(forward("y: int  # <-\ny = x.size(0)\nreturn x * y"), "annotated assignments without assigned value"),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.AnnAssign):
            if node.value is None:
                yield self.found(
                    cls,
                    node,
                    f"{shown(node.target)} is declared without a value",
                    suggestion=f"{ast.unparse(node)} = <value>",
                    method=function.name,
                )
