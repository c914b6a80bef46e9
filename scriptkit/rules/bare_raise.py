"""The rule `bare-raise`."""

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


class BareRaise(Rule):
    """`raise` without an exception."""

    code = "SK524"
    name = "bare-raise"
    raw = ()
    label = "raises nothing by name"
    note = "compiled code catches nothing, so there is no exception to raise again"
    help = "name the exception"
    VALID = (forward('if x.numel() == 0:\n    raise ValueError("empty")\nreturn x'),)
    INVALID = (Invalid(forward("if x.numel() == 0:\n    raise  # <-\nreturn x"), "has no attribute 'lineno'"),)

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.Raise):
            if node.exc is None:
                yield self.found(
                    cls,
                    node,
                    f"`raise` in `{function.name}` names no exception",
                    suggestion='raise RuntimeError("<message>")',
                    method=function.name,
                )
