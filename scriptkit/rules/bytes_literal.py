"""The rule `bytes-literal`."""

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


class BytesLiteral(Rule):
    """A `bytes` literal in compiled code."""

    code = "SK511"
    name = "bytes-literal"
    label = "`bytes` is no type of the compiler"
    note = "constants are numbers, strings, `None`, and tuples of them"
    help = "use a string, or a tensor of dtype `torch.uint8`"
    VALID = (forward('return "PK"', returns="str"),)
    INVALID = (
        Invalid(forward('magic = b"PK"  # <-\nreturn len(magic)', returns="int"), "Unknown Constant expression type"),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.Constant):
            if isinstance(node.value, bytes):
                yield self.found(cls, node, f"the bytes literal {shown(node)} cannot be compiled", method=function.name)
