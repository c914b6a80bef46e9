"""Loops over several things at once, `zip` and `enumerate`, as loops that count and read each of them by number."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.compiling.exporting.rewriting.syntax import assign, flow, load, store

if TYPE_CHECKING:
    from collections.abc import Callable


def counted(loop: ast.For, fresh: Callable[[str, str], str]) -> tuple[list[ast.stmt], ast.For] | None:
    """What comes before the loop, and the loop; None for any other loop. `fresh` makes a name of a kind."""
    if not isinstance(loop.target, ast.Tuple):
        return None
    index = fresh("index", "i")
    parts = _Parts(index, fresh)
    if not parts.take(loop.iter, loop.target) or not parts.lengths:
        return None
    rounds = parts.lengths[0] if len(parts.lengths) == 1 else flow("shortest", *parts.lengths)
    source = ast.Call(load("range"), [rounds], [])
    return parts.before, ast.For(store(index), source, [*parts.items, *loop.body], [])


class _Parts:
    """What a loop walks, taken apart."""

    def __init__(self, index: str, fresh: Callable[[str, str], str]) -> None:
        self.index, self.fresh = index, fresh
        self.before: list[ast.stmt] = []
        self.lengths: list[ast.expr] = []
        self.items: list[ast.stmt] = []

    def take(self, source: ast.expr, target: ast.expr) -> bool:
        """Whether this part was understood."""
        match source, target:
            case ast.Call(func=ast.Name(id="zip"), args=sources), ast.Tuple(elts=targets):
                return len(sources) == len(targets) and all(map(self.take, sources, targets))
            case ast.Call(func=ast.Name(id="enumerate"), args=[over]), ast.Tuple(elts=[ast.Name(id=number), item]):
                self.items.append(assign(number, load(self.index)))
                return self.take(over, item)
            case ast.Call(func=ast.Name(id="range"), args=[count]), ast.Name(id=number):
                self.lengths.append(count)
                self.items.append(assign(number, load(self.index)))
                return True
            case ast.Name(id=over), ast.Name(id=item):
                kept = self.fresh("source", "?")
                self.before.append(assign(kept, flow("readable", load(over))))
                self.lengths.append(flow("length", load(kept)))
                self.items.append(assign(item, flow("item_of", load(kept), load(self.index))))
                return True
        return False
