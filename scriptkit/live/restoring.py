"""What a program gave, with the types that Python has round it: classes, named fields, numbers."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

from scriptkit.live.nested import _PLAIN, Constant, Leaf, Nest, build, leaves, told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scriptkit.live.nested import Structure


def restored(structure: Structure, result: Any) -> Any:
    """What a wrapper returned, with the types the user has in eager code.

    Numbers, strings and booleans are those of the result: a script computes them, and they may be others than at first.
    """
    found: dict[int, Any] = {}
    computed = _collect(structure, result, found)
    return build(computed, [found.get(number) for number in range(max(found, default=-1) + 1)])


def _collect(structure: Structure, result: Any, found: dict[int, Any]) -> Structure:
    """Note the leaves of the result; the structure with the constants the result has."""
    if isinstance(structure, Leaf):
        found[structure.index] = result
    elif isinstance(structure, Constant):
        if type(result) is type(structure.value) and type(result) in _PLAIN:
            return Constant(result)
    elif structure.items:
        kept = told(structure) if isinstance(result, dict) else _told_as(structure, result)
        values = [result[key] for key, _ in kept] if isinstance(result, dict) else result
        given = {key: _collect(item, value, found) for (key, item), value in zip(kept, values, strict=True)}
        items = zip(structure.keys, structure.items, strict=True)
        return replace(structure, items=tuple(given.get(key, item) for key, item in items))
    return structure


def _told_as(nest: Nest, values: Sequence[Any]) -> list[tuple[Any, Structure]]:
    """What of a container these values are: a program tells of an object also the sizes that it computes, as tensors.

    A distribution has the sizes of its batch: numbers in Python, which nothing tells from those that are fixed.
    """
    kept = told(nest)
    if nest.kind != "object" or len(kept) == len(values):
        return kept
    items = zip(nest.keys, nest.items, strict=True)
    parts = [(key, item) for key, item in items if any(True for _ in leaves(item))]
    for some in combinations(parts, len(values)):
        if all(part in some for part in kept) and all(_may_be(*pair) for pair in zip(some, values, strict=True)):
            return list(some)
    return kept


def _may_be(part: tuple[Any, Structure], value: Any) -> bool:
    """Whether a value of a program can be that part of an object."""
    structure = part[1]
    if isinstance(structure, Constant):
        return type(value) is type(structure.value)
    if isinstance(structure, Leaf):
        return True
    return isinstance(value, (tuple, list)) and (structure.kind == "object" or len(value) == len(structure.items))
