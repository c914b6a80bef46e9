"""Slices as long as is known, `x[i : i + 3]`: where only a run knows where one begins, its length has to be told.

A lowered program has the end in a variable of its own (`end = i + 3; x[i:end]`), so it is looked for in the statements
before, as long as nothing assigns either of the two anew.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.compiling.exporting.rewriting.syntax import flow, stored

if TYPE_CHECKING:
    from collections.abc import Sequence

_Sums = dict[str, tuple[str, int]]
"""For each variable that is another one and a number: these two."""


def with_windows(block: Sequence[ast.stmt], known: _Sums | None = None) -> list[ast.stmt]:
    """The statements, with a call of `window` in the place of each such slice."""
    sums = dict(known or {})
    made = []
    for statement in block:
        if isinstance(statement, (ast.For, ast.While)):  # an earlier round may have assigned what a later one reads
            _forget(sums, stored(statement.body))
        for name in ("body", "orelse"):
            inner = getattr(statement, name, None)
            if isinstance(inner, list):
                setattr(statement, name, with_windows(inner, sums))
        made.append(_Slices(sums).outside_of_blocks(statement))
        _forget(sums, stored([statement]))
        match statement:
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.BinOp(left=ast.Name(id=first), op=ast.Add(), right=ast.Constant(value=int() as more)),
            ) if name != first and more > 0:
                sums[name] = first, more
    return made


def _forget(sums: _Sums, names: set[str]) -> None:
    for name in [one for one, (first, _) in sums.items() if one in names or first in names]:
        del sums[name]


class _Slices(ast.NodeTransformer):
    """The expressions of one statement."""

    def __init__(self, sums: _Sums) -> None:
        self.sums = sums

    def outside_of_blocks(self, statement: ast.stmt) -> ast.stmt:
        """The statement; the blocks in it were seen to."""
        for name, value in ast.iter_fields(statement):
            if isinstance(value, ast.expr):
                setattr(statement, name, self.visit(value))
        return statement

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        """`x[first:end]`, and the same beside other indices."""
        self.generic_visit(node)
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        found = [(place, *self._length(part)) for place, part in enumerate(parts) if self._length(part)]
        if not isinstance(node.ctx, ast.Load) or len(found) != 1:
            return node
        place, first, length = found[0]
        index: list[ast.expr] = [_plain(part) for part in parts]
        index[place] = ast.Name(first, ast.Load())
        whole = ast.Tuple(index, ast.Load()) if isinstance(node.slice, ast.Tuple) else index[0]
        return ast.copy_location(flow("window", node.value, whole, ast.Constant(place), ast.Constant(length)), node)

    def _length(self, part: ast.expr) -> tuple[str, int] | tuple[()]:
        match part:
            case ast.Slice(lower=ast.Name(id=first), upper=ast.Name(id=end), step=None):
                base, length = self.sums.get(end, ("", 0))
                return (first, length) if base == first else ()
        return ()


def _plain(part: ast.expr) -> ast.expr:
    if not isinstance(part, ast.Slice):
        return part
    bounds: list[ast.expr] = [bound or ast.Constant(None) for bound in (part.lower, part.upper, part.step)]
    return ast.Call(ast.Name("slice", ast.Load()), bounds, [])
