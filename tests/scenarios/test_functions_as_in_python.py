"""A scripted function that Python calls does to its arguments what Python does; else it runs as Python, and says so."""

from __future__ import annotations

import pytest

import scriptkit
from scriptkit.errors import ScriptkitEagerWarning


@scriptkit.script
def last(numbers: list[int]) -> int:
    return numbers.pop()


@scriptkit.script
def last_of_a_copy(numbers: list[int]) -> int:
    copied = numbers[:]
    return copied.pop()


@scriptkit.script
def doubled(number: float) -> float:
    return number * 2


def test_a_list_of_the_caller_changes() -> None:
    numbers = [1, 2, 3]
    with pytest.warns(ScriptkitEagerWarning, match="`last` runs as Python here: it changes its argument `numbers`"):
        assert last(numbers) == 3
    assert (last(numbers), numbers) == (2, [1])  # said once
    assert (last_of_a_copy(numbers), numbers) == (1, [1])


def test_an_int_stays_one() -> None:
    with pytest.warns(ScriptkitEagerWarning, match="`number` is declared `float` and is given an `int`"):
        assert repr(doubled(2)) == "4"
    assert repr(doubled(2.0)) == "4.0"
