"""How often dictionaries were written, as CPython itself counts it until 3.12: each dictionary carries its count.

PEP 509 put the count there for questions like ours; nothing but C could ask it. Here the counts of many dictionaries
are copied in one call: 15 ns for each, where one look-up of one key takes 20.
"""

from __future__ import annotations

import ctypes
import functools
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    AnyDict = dict[str, object]

_OFFSET: Final = object.__basicsize__ + ctypes.sizeof(ctypes.c_ssize_t)
"""Behind the head of every object stands how many items it has, and then the count (`PyDictObject`, dictobject.h)."""
_FIRST_WITHOUT: Final = (3, 13)
_WRITES: Final = 32
"""Enough for the interpreter to take its faster ways to write, which have to count as well."""


def unwritten_from_now(dictionaries: Iterable[AnyDict]) -> Callable[[], bool]:
    """A function that says whether none was written since; where `can_count`.

    The dictionaries have to be kept alive by whoever asks.
    """
    read = _reader(dictionaries)
    counts = read()
    return lambda: read() == counts


def _reader(dictionaries: Iterable[AnyDict]) -> Callable[[], bytes]:
    counts = [ctypes.c_uint64.from_address(id(one) + _OFFSET) for one in dictionaries]
    return functools.partial(b"".join, counts)


class _Written:
    """Something with a dictionary of its own."""

    attribute = 0


@functools.cache
def can_count() -> bool:
    """Whether this interpreter counts each kind of write, and nothing else: tried, once in a process."""
    if sys.implementation.name != "cpython" or sys.version_info >= _FIRST_WITHOUT:
        return False
    written = _Written()
    written.attribute = 1
    dictionary = vars(written)
    read = _reader([dictionary])
    seen = {read()}
    for number in range(_WRITES):
        written.attribute = number + 1000
        seen.add(read())
        dictionary["attribute"] = -1
        seen.add(read())
        dictionary["new"] = None
        seen.add(read())
        del dictionary["new"]
        seen.add(read())
    before = read()
    dictionary.get("attribute"), written.attribute, list(dictionary)
    return len(seen) == 1 + 4 * _WRITES and read() == before
