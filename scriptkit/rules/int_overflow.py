"""The rule `int-overflow`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.examples import forward
from scriptkit.rules.reading import LARGEST_INT, nodes, shown
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class IntOverflow(Rule):
    """An integer literal of more than 64 bits."""

    code = "SK237"
    name = "int-overflow"
    label = "does not fit in 64 bits"
    note = "an `int` has 64 bits in compiled code"
    help = "use a smaller number, or a float"
    VALID = (forward("return x.size(0) < 9223372036854775807", returns="bool"),)
    INVALID = (
        Invalid(
            forward("return x.size(0) < 9223372036854775808  # <-", returns="bool"), "Integral constant out of range"
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.Constant):
            if type(node.value) is int and node.value > LARGEST_INT:
                yield self.found(cls, node, f"{shown(node)} does not fit in 64 bits", method=function.name)
