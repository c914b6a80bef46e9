"""Loops over a list that change the list: Python asks for the length before each round, the compiler once."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_GROWING = frozenset({"append", "extend", "insert", "remove"})  # no other container has these


class Walk(NamedTuple):
    """A loop over a list that its body makes longer or shorter."""

    items: ast.expr
    is_enumerated: bool
    change: ast.AST
    is_rebound: bool


def walk_of(loop: ast.For) -> Walk | None:
    """What a loop walks and changes; None where it changes nothing of it."""
    items, is_enumerated = _walked(loop.iter)
    if not isinstance(items, (ast.Name, ast.Attribute)) or loop.orelse:
        return None
    name = ast.unparse(items)
    change = next(_changes(loop, name), None)
    return None if change is None else Walk(items, is_enumerated, change, _is_bound_in(loop, name))


def _walked(iterated: ast.expr) -> tuple[ast.expr, bool]:
    match iterated:
        case ast.Call(func=ast.Name(id="enumerate"), args=[items], keywords=[]):
            return items, True
        case _:
            return iterated, False


def _changes(loop: ast.For, name: str) -> Iterator[ast.AST]:
    for node in _body_of(loop):
        match node:
            case ast.Call(func=ast.Attribute(value=owner, attr=method)) if method in _GROWING:
                if ast.unparse(owner) == name:
                    yield node
            case ast.AugAssign(target=target, op=ast.Add()) if ast.unparse(target) == name:
                if isinstance(node.value, (ast.List, ast.ListComp)):
                    yield node
            case _:
                pass


def _is_bound_in(loop: ast.For, name: str) -> bool:
    targets = (target for node in _body_of(loop) if isinstance(node, ast.Assign) for target in node.targets)
    return any(ast.unparse(part) == name for target in targets for part in ast.walk(target))


def _body_of(loop: ast.For) -> Iterator[ast.AST]:
    for statement in loop.body:
        yield from ast.walk(statement)
