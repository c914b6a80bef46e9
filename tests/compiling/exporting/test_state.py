"""Attributes that a call changes are told from those that are made anew and are the same."""

from __future__ import annotations

from typing import Any

import pytest
from torch import nn

from scriptkit.compiling.exporting import state


class Shy(tuple[int, ...]):
    """A tuple that does not tell its length, as libraries have them."""

    __slots__ = ()

    def __len__(self) -> int:
        raise NotImplementedError


class Incomparable(Shy):
    """Not even comparable."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        raise NotImplementedError


class Holds(nn.Module):
    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


@pytest.mark.parametrize(
    ("before", "after", "is_changed"),
    [
        ((Shy((1, 2)),), (Shy((1, 2)),), False),
        ((Shy((1, 2)),), (Shy((1, 3)),), True),
        ((Incomparable((1, 2)),), (Incomparable((1, 2)),), True),
        (1.0, 1.0, False),
        ([1], [2], True),
    ],
)
def test_equal_values_are_no_change(before: Any, after: Any, is_changed: bool) -> None:
    assert state.changed(Holds(before), Holds(after)) == ([("", "value")] if is_changed else [])
