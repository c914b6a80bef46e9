"""Loops over a list that change the list: Python asks for the length before each round, the compiler once."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_GROWING = frozenset({"append", "extend", "insert", "remove"})  # no other container has these
_PLACES = (ast.Name, ast.Attribute)


class Walk(NamedTuple):
    """A loop over a list that its body makes longer or shorter."""

    items: ast.expr
    change: ast.AST


def walk_of(loop: ast.For) -> Walk | None:
    """What a loop walks and changes, as far as text tells; None where it changes nothing of it."""
    if loop.orelse:
        return None
    walked = (items for items in _walked(loop.iter) if isinstance(items, _PLACES))
    changed = (Walk(items, change) for items in walked for change in _changes(loop, ast.unparse(items)))
    return next(changed, None)


def _walked(iterated: ast.expr) -> list[ast.expr]:
    match iterated:
        case ast.Call(func=ast.Name(id="enumerate"), args=[items], keywords=[]):
            return [items]
        case ast.Call(func=ast.Name(id="zip"), args=zipped, keywords=[]) if all(map(_may_be_a_list, zipped)):
            return zipped
        case _:
            return [iterated]


def _may_be_a_list(items: ast.expr) -> bool:
    return isinstance(items, (*_PLACES, ast.List)) or (
        isinstance(items, ast.Subscript) and isinstance(items.slice, ast.Slice)
    )


def _changes(loop: ast.For, name: str) -> Iterator[ast.AST]:
    for node in _body_of(loop):
        match node:
            case ast.Call(func=ast.Attribute(value=owner, attr=method)) if method in _GROWING:
                if ast.unparse(owner) == name:
                    yield node
            case ast.Call(func=ast.Attribute(value=owner, attr="pop"), args=taken) if ast.unparse(owner) == name:
                if not taken or _is_number(taken[0]):  # a dictionary has a key
                    yield node
            case ast.AugAssign(target=target, op=ast.Add()) if ast.unparse(target) == name:
                if isinstance(node.value, (ast.List, ast.ListComp)):
                    yield node
            case _:
                pass


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.UnaryOp) or (isinstance(node, ast.Constant) and isinstance(node.value, int))


def _body_of(loop: ast.For) -> Iterator[ast.AST]:
    for statement in loop.body:
        yield from ast.walk(statement)
