"""Lists from before a branch or a loop that it reads by number: torch follows no list of ours into one.

for t in range(n):                      rows = _flow.readable(back)
last = back[t][last]       ->       for t in range(n):
last = rows[t][last]
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.compiling.exporting.rewriting.syntax import appends, assign, flow, load, stored
from scriptkit.language import types as t

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from collections.abc import Set as AbstractSet

_ITEMS = (t.TENSOR, t.INT, t.FLOAT, t.BOOL)


def with_lists_readable(
    statement: ast.If | ast.For | ast.While,
    known: AbstractSet[str],
    types: Mapping[str, t.Type],
    fresh: Callable[[str, str], str],
) -> list[ast.stmt]:
    """What comes before the statement, in which each such list gets another name; `known` are the names before it."""
    changed = stored([statement]) | set(appends([statement]))
    reads = _Reads()
    reads.visit(statement)
    names = [
        name
        for name, count in sorted(reads.by_number.items())
        if name in known - changed and _is_list(types.get(name)) and reads.uses[name] == count
    ]
    own = {name: fresh("rows", "?") for name in names}
    _Renamed(own).visit(statement)
    return [assign(new, flow("readable", load(name))) for name, new in own.items()]


def _is_list(kind: t.Type | None) -> bool:
    return isinstance(kind, t.List) and kind.element in _ITEMS


class _Reads(ast.NodeVisitor):
    """How often each name is used, and how often as `xs[i]` or `len(xs)`."""

    def __init__(self) -> None:
        self.uses: dict[str, int] = {}
        self.by_number: dict[str, int] = {}

    def visit_Name(self, node: ast.Name) -> None:
        self.uses[node.id] = self.uses.get(node.id, 0) + 1

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if isinstance(node.ctx, ast.Load) and not isinstance(node.slice, (ast.Slice, ast.Tuple)):
            self._read(node.value)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name) and node.func.id == "len" and len(node.args) == 1:
            self._read(node.args[0])
        self.generic_visit(node)

    def _read(self, value: ast.expr) -> None:
        if isinstance(value, ast.Name):
            self.by_number[value.id] = self.by_number.get(value.id, 0) + 1


class _Renamed(ast.NodeTransformer):
    def __init__(self, own: Mapping[str, str]) -> None:
        self.own = own

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.copy_location(ast.Name(self.own.get(node.id, node.id), node.ctx), node)
