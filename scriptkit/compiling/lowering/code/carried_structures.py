"""Tuples, dictionaries and lists that a loop makes anew in each round: what they hold goes from round to round.

`state = (h, c)` before a loop, `state = cell(x, state)` in it: two variables of the residual program are carried, and
`state` is a tuple of them in every round. What is in it has the same keys and types in all rounds.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from scriptkit.compiling.lowering.world.refusing import ListInLoopError, RefusedError
from scriptkit.compiling.lowering.world.values import Dyn, Parts, Value, type_of
from scriptkit.language import types as t

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator

_LEAVES = (t.INT, t.FLOAT, t.STR, t.TENSOR)
Pairs = list[tuple[str, Dyn, Value]]


def made_anew(node: ast.For | ast.While) -> set[str]:
    """Names that a loop binds to another value, and does not append to."""
    bound = {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
    for part in ast.walk(node):
        match part:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name))) | ast.AugAssign(target=ast.Name(id=name)):
                bound.discard(name)
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store()):
                bound.discard(name)
            case _:
                pass
    return bound


def is_structure(value: Value) -> bool:
    """Whether a value is a tuple, dictionary or list that the evaluator holds itself."""
    return type(value) in (tuple, dict, list) or (isinstance(value, tuple) and hasattr(value, "_fields"))


def carried(evaluator: Evaluator, name: str, value: Any) -> Any:
    """The same structure of variables of the residual program; None where something in it cannot be one."""
    items = [_carried_item(evaluator, f"{name}_{key}", item) for key, item in _items(value)]
    return None if not items or any(item is None for item in items) else _with_items(evaluator, value, items)


def _carried_item(evaluator: Evaluator, name: str, item: Value) -> Any:
    item = evaluator.lift(item)
    if is_structure(item):
        return carried(evaluator, name, item)
    if not (isinstance(item, Dyn) or type(item) in (int, float, str)):
        return None
    type_ = item.type if isinstance(item, Dyn) else type_of(item)
    if type_ not in _LEAVES:
        return None
    clean = "".join(c if c.isalnum() else "_" for c in name)
    return evaluator.residual.bind(evaluator.residual.expression(item), evaluator.example(item), clean)


def pairs(evaluator: Evaluator, name: str, held: Any, value: Value) -> Iterator[tuple[str, Dyn, Value]]:
    """Each variable that is carried, with what it holds at the end of a round."""
    value = evaluator.lift(value)
    if isinstance(held, Dyn):
        yield name, held, value
        return
    found = _items_like(evaluator, held, value)
    if found is None:
        if type(held) is list:  # it grows: it is carried as one list of the program instead
            raise ListInLoopError(held, f"`{name}` becomes another list")
        raise RefusedError(
            "loop-variable-changes-type", f"`{name}` is a `{type(held).__name__}` first and another type later"
        )
    for (key, part), item in zip(_items(held), found, strict=True):
        yield from pairs(evaluator, f"{name}_{key}", part, item)


def _items_like(evaluator: Evaluator, held: Any, value: Value) -> list[Value] | None:
    """What a value holds, where it is of the same kind and has the same keys."""
    if isinstance(value, Dyn) and isinstance(held, tuple) and isinstance(value.type, t.Tuple):
        items = evaluator.unpack(value, len(value.example))
        return list(items) if len(items) == len(held) else None
    if isinstance(value, Parts) and type(held) is tuple and len(value) == len(held):
        return list(value)
    if type(value) is not type(held) or [key for key, _ in _items(value)] != [key for key, _ in _items(held)]:
        return None
    return [item for _, item in _items(value)]


def _items(value: Any) -> list[tuple[Any, Value]]:
    return list(value.items()) if isinstance(value, dict) else list(enumerate(value))


def _with_items(evaluator: Evaluator, value: Any, items: list[Value]) -> Any:
    if isinstance(value, dict):
        return evaluator.effects.own(dict(zip(value, items, strict=True)))
    if isinstance(value, list):
        return evaluator.effects.own(items)
    return value._make(items) if hasattr(value, "_make") else tuple(items)
