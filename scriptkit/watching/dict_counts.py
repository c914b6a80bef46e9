"""How often dictionaries were written, read for many of them in one operation.

CPython counts the writes of each dictionary (PEP 509), in a word of the object that no Python code reaches. A tensor
over the memory they lie in gathers all these words at once: 2,000 dictionaries take a few microseconds, where reading
what is of interest in them takes a hundred. Whether an interpreter counts, and what, is tried and not believed: from
Python 3.13 on it counts no attribute that is written beside the dictionary that shows it.
"""

from __future__ import annotations

import copy
import ctypes
import functools
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Dictionary = dict[Any, Any]

_WORD = ctypes.sizeof(ctypes.c_int64)
_COUNT_AT = 3 * ctypes.sizeof(ctypes.c_void_p)
"""Behind the references, the type and the number of items."""


class Counts:
    """The counts of some dictionaries, as they were when this was made; it never changes, as threads share it."""

    __slots__ = ("_held", "_memory", "_places", "_seen")

    def __init__(self, dictionaries: Iterable[Dictionary]) -> None:
        self._held = list({id(one): one for one in dictionaries}.values())  # an address is good while its object lives
        addresses = [id(one) + _COUNT_AT for one in self._held] or [id(self) + _COUNT_AT]
        first, last = min(addresses), max(addresses)
        words = (ctypes.c_int64 * ((last - first) // _WORD + 1)).from_address(first)
        self._memory = torch.frombuffer(words, dtype=torch.int64)
        self._places = torch.tensor([(address - first) // _WORD for address in addresses], device="cpu")
        self._seen = self._memory.index_select(0, self._places)

    def are_unchanged(self) -> bool:
        """Whether none of the dictionaries was written since."""
        return torch.equal(self._memory.index_select(0, self._places), self._seen)

    def again(self) -> Counts:
        """The counts of the same dictionaries as they are now."""
        made = copy.copy(self)
        made._seen = self._memory.index_select(0, self._places)
        return made


@functools.cache
def items_are_counted() -> bool:
    """Whether each way to write an item of a dictionary is counted."""
    writes: list[Callable[[Dictionary], object]] = [
        lambda one: one.__setitem__("a", 2),
        lambda one: one.__setitem__("b", 2),
        lambda one: one.pop("a"),
        lambda one: one.update(a=3),
        lambda one: one.setdefault("c", 3),
        lambda one: one.clear(),
    ]
    return all(_is_counted(kind(a=1), write) for kind in (dict, OrderedDict) for write in writes)


@functools.cache
def attributes_are_counted() -> bool:
    """Whether attributes of an object are counted as items of its dictionary."""
    return items_are_counted() and all(_is_counted(vars(_Written()), write) for write in (_write, _delete, _add))


class _Written:
    """Something with a dictionary of its own, which the last one made can be found by."""

    last: _Written

    def __init__(self) -> None:
        self.attribute = 1
        type(self).last = self


def _write(_: Dictionary) -> None:
    _Written.last.attribute = 2


def _add(_: Dictionary) -> None:
    _Written.last.another = 3  # type: ignore[attr-defined]


def _delete(_: Dictionary) -> None:
    del _Written.last.attribute


def _is_counted(dictionary: Dictionary, write: Callable[[Dictionary], object]) -> bool:
    try:
        counts = Counts([dictionary])
        before = counts.are_unchanged()
        write(dictionary)
        return before and not counts.are_unchanged()
    except (RuntimeError, ValueError, TypeError):
        return False
