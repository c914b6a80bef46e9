"""The rule `del-statement`."""

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


class DelStatement(Rule):
    """`del` of a slice or an attribute."""

    code = "SK529"
    name = "del-statement"
    label = "cannot be deleted"
    note = "the compiler deletes local names and single items of lists and dicts"
    VALID = (forward("sizes = [1, 2, 3]\ndel sizes[0]\nreturn x * sizes[0]"),)
    INVALID = (
        Invalid(forward("sizes = [1, 2, 3]\ndel sizes[0:2]  # <-\nreturn x * sizes[0]"), "deletion at a single index"),
        Invalid(
            """
            class Model(nn.Module):
                def __init__(self) -> None:
                    super().__init__()
                    self.scale = 2.0

                def forward(self, x: Tensor) -> Tensor:
                    del self.scale  # <-
                    return x
            """,
            "del statements are only supported for",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.Delete):
            for target in node.targets:
                if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Slice):
                    help = "keep the other part in a new list"
                elif isinstance(target, ast.Attribute):
                    help = "declare it `Optional` and assign `None`"
                else:
                    continue
                yield self.found(
                    cls, target, f"`del` of {shown(target)} cannot be compiled", help=help, method=function.name
                )
