"""The one predicate of sameness: whether a value is still the one that was seen."""

from __future__ import annotations

import math
from typing import Any

MISSING = object()


def is_same(one: Any, other: Any) -> bool:
    """Identical, or equal plain values of one type; -0.0 is not 0.0."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return one == other and math.copysign(1, one) == math.copysign(1, other)
    if type(one) is tuple:
        return len(one) == len(other) and all(map(is_same, one, other))
    return isinstance(one, (bool, int, str)) and one == other


def is_unchanged(container: Any, items: list[Any]) -> bool:
    """Whether a container holds what it held."""
    now = items_of(container)
    return len(now) == len(items) and all(map(is_same, now, items))


def items_of(container: Any) -> list[Any]:
    """What a container holds, flat."""
    if isinstance(container, dict):
        return [part for pair in dict.items(container) for part in pair]
    return list(container)
