"""The rule `print-kwargs`."""

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


class PrintKwargs(Rule):
    """`print` with keyword arguments."""

    code = "SK523"
    name = "print-kwargs"
    label = "a keyword `print` does not take"
    note = "compiled `print` takes values only and ends the line"
    help = "leave the keyword out; join the parts to one string if they belong on one line"
    VALID = (forward('print("size", x.size(0))\nreturn x'),)
    INVALID = (
        Invalid(
            forward('print("size", x.size(0), sep="=")  # <-\nreturn x'), "print doesn't accept any keyword arguments"
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.Call):
            if node.keywords and node.keywords[0].arg and cls.module.dotted(node.func) == "builtins.print":
                yield self.found(cls, node, f"`print` is called with `{node.keywords[0].arg}=`", method=function.name)
