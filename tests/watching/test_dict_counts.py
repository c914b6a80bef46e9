"""Every write of a dictionary shows in its count, nothing else does, and an interpreter without counts says so."""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import pytest

from scriptkit.watching import dict_counts
from scriptkit.watching.dict_counts import can_count, unwritten_from_now

WRITES: dict[str, Callable[[dict[str, Any]], object]] = {
    "item": lambda d: d.__setitem__("a", object()),
    "new": lambda d: d.__setitem__("b", 1),
    "update": lambda d: d.update(a=object()),
    "setdefault": lambda d: d.setdefault("c", 2),
    "pop": lambda d: d.pop("a"),
    "popitem": lambda d: d.popitem(),
    "clear": lambda d: d.clear(),
    "in place": lambda d: d.__ior__({"a": object()}),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
@pytest.mark.parametrize("number", range(3))
def test_each_kind_of_write_shows(write: Callable[[dict[str, Any]], object], number: int) -> None:
    dictionaries: list[dict[str, Any]] = [{"a": 1}, OrderedDict(a=1), {"a": 1, "z": 2}]
    are_unwritten = unwritten_from_now(dictionaries)
    assert are_unwritten()
    write(dictionaries[number])
    assert not are_unwritten()


def test_reading_does_not_show() -> None:
    dictionary: dict[str, Any] = {"a": 1}
    are_unwritten = unwritten_from_now([dictionary])
    assert (dictionary["a"], dictionary.get("b"), list(dictionary.items()), dictionary.copy()) is not None
    assert are_unwritten()


def test_attributes_show() -> None:
    class Holder:
        pass

    holder: Any = Holder()
    for number in range(40):  # the interpreter writes in a faster way soon
        are_unwritten = unwritten_from_now([vars(holder)])
        holder.value = number + 1000
        assert not are_unwritten()


def test_where_python_counts_nothing_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    can_count.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "version_info", (3, 13))
        assert not can_count()
        patch.undo()
        can_count.cache_clear()
        patch.setattr(dict_counts, "_OFFSET", object.__basicsize__)  # where the number of items stands
        assert not can_count()
    can_count.cache_clear()
    assert can_count()
