"""A record is to its readers what a frozen dataclass is."""

from __future__ import annotations

import pytest

from scriptkit.language.record import Record


class _Point(Record):
    """Two fields, one with a default."""

    x: int
    y: int = 0


class _Named(_Point):
    """A field more."""

    name: str = ""


def test_fields_are_given_by_place_or_name_and_may_have_defaults() -> None:
    assert (_Point(1).x, _Point(1).y, _Point(1, 2).y, _Point(x=3).x) == (1, 0, 2, 3)
    assert (_Named(1, 2, "a").name, _Named(1, name="b").y) == ("a", 0)


def test_a_record_is_not_written() -> None:
    point = _Point(1)
    with pytest.raises(AttributeError, match="internal error: `x` of a `_Point` is written"):
        point.x = 2  # type: ignore[misc]
    assert point.x == 1


def test_a_record_with_other_values_is_another_one() -> None:
    point = _Point(1, 2)
    other = point.replaced(y=3)
    assert (other.x, other.y, point.y) == (1, 3, 2)
    assert type(_Named(1).replaced(x=2)) is _Named


def test_a_record_is_the_same_only_as_itself() -> None:
    point = _Point(1)
    assert point != point.replaced()
    assert {point: "here"}[point] == "here"


def test_a_record_shows_its_fields() -> None:
    assert repr(_Named(1, 2, "a")) == "_Named(x=1, y=2, name=a)"
