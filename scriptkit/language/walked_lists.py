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
    is_enumerated: bool
    change: ast.AST
    zipped: tuple[ast.expr, ...] = ()
    """All that are walked at once, the changing one among them; empty where it is walked alone."""

    def is_rebound(self, loop: ast.For, items: ast.expr) -> bool:
        """Whether the loop goes on with the list it began with: the body gives its name to another one."""
        return not isinstance(items, _PLACES) or _is_bound_in(loop, ast.unparse(items))


def walk_of(loop: ast.For) -> Walk | None:
    """What a loop walks and changes; None where it changes nothing of it."""
    if loop.orelse:
        return None
    match loop.iter:
        case ast.Call(func=ast.Name(id="zip"), args=zipped, keywords=[]) if all(map(_may_be_indexed, zipped)):
            found = ((one, next(_changes(loop, ast.unparse(one)), None)) for one in zipped if isinstance(one, _PLACES))
            changing = next(((one, change) for one, change in found if change is not None), None)
            return (
                None
                if changing is None
                else Walk(changing[0], is_enumerated=False, change=changing[1], zipped=tuple(zipped))
            )
        case _:
            items, is_enumerated = _walked(loop.iter)
            change = next(_changes(loop, ast.unparse(items)), None) if isinstance(items, _PLACES) else None
            return None if change is None else Walk(items, is_enumerated, change)


def _may_be_indexed(items: ast.expr) -> bool:
    return isinstance(items, (*_PLACES, ast.List)) or (
        isinstance(items, ast.Subscript) and isinstance(items.slice, ast.Slice)
    )


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


def _is_bound_in(loop: ast.For, name: str) -> bool:
    targets = (target for node in _body_of(loop) if isinstance(node, ast.Assign) for target in node.targets)
    return any(ast.unparse(part) == name for target in targets for part in ast.walk(target))


def _body_of(loop: ast.For) -> Iterator[ast.AST]:
    for statement in loop.body:
        yield from ast.walk(statement)
