"""The rule `ellipsis-body`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.examples import forward
from scriptkit.rules.reading import is_ellipsis, nodes, shown
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class EllipsisBody(Rule):
    """`...` used as a statement or as a lone index."""

    code = "SK512"
    name = "ellipsis-body"
    label = "`...` has no value here"
    note = "the compiler knows `...` only in an index with several parts, as in `x[..., 0]`"
    VALID = (forward("if x.numel() == 0:\n    pass\nreturn x[..., 0]"),)
    INVALID = (
        Invalid(forward("if x.numel() == 0:\n    ...  # <-\nreturn x"), "Cannot emit expr for: (dots)"),
        Invalid(forward("return x[...]  # <-"), "Cannot emit expr for: (dots)"),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.Expr):
            if is_ellipsis(node.value):
                yield self.found(
                    cls,
                    node,
                    f"`...` is a statement in `{function.name}`",
                    help="write `pass`",
                    suggestion="pass",
                    method=function.name,
                )
        for function, index in nodes(cls, ast.Subscript):
            if is_ellipsis(index.slice):
                yield self.found(
                    cls,
                    index,
                    f"{shown(index)} has `...` as its only index",
                    help=f"use {shown(index.value)} itself",
                    suggestion=ast.unparse(index.value),
                    method=function.name,
                )
