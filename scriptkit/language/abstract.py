"""What an expression can be, at its barest: a value with a `Type`, or what is no value (`Sugared`).

`types.py` and `values.py` say what there is of each; the facts of a file, which they speak of, need no more than this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from scriptkit.language.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterable


class Type:
    """A type; equal types are equal values."""

    __slots__ = ("_key", "has_unknown")
    has_unknown: bool

    def __init__(self, *key: Any) -> None:
        self._key = (type(self).__name__, *key)
        self.has_unknown = any(part.has_unknown for part in _parts(key))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Type) and (self is other or self._key == other._key)

    def __hash__(self) -> int:
        return hash(self._key)

    def __repr__(self) -> str:
        return str(self)


def _parts(key: Iterable[Any]) -> Iterable[Type]:
    for part in key:
        if isinstance(part, Type):
            yield part
        elif isinstance(part, tuple):
            yield from _parts(part)


class Sugared(Record):
    """All that is not first-class: it can be called, iterated or looked into, but not stored or returned."""


AnyValue: TypeAlias = Type | Sugared
