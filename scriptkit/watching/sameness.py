"""The one predicate of sameness: whether a value is still the one that was seen.

Compiled code holds values of Python: constants, defaults, lifted globals, what a trace recorded. Wherever the package
asks whether such a value changed, it asks here.
"""

from __future__ import annotations

import math
from typing import Any

import torch

MISSING = object()

# equal ones of these are interchangeable; of anything else only the object itself is
_VALUES = (int, str, bytes, type(None), range, torch.device, torch.dtype, torch.layout, torch.memory_format)


def is_same(one: Any, other: Any) -> bool:
    """Identical, or equal immutable values of one type; -0.0 is not 0.0, True is not 1, and NaN is itself."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return _is_same_float(one, other)
    if isinstance(one, complex):
        return _is_same_float(one.real, other.real) and _is_same_float(one.imag, other.imag)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(is_same, one, other))
    if isinstance(one, slice):
        return all(map(is_same, (one.start, one.stop, one.step), (other.start, other.stop, other.step)))
    if isinstance(one, frozenset):
        return bool(one == other)
    return isinstance(one, _VALUES) and bool(one == other)


def _is_same_float(one: float, other: float) -> bool:
    if one != one or other != other:  # noqa: PLR0124 - not a number
        return one != one and other != other  # noqa: PLR0124
    return one == other and math.copysign(1, one) == math.copysign(1, other)


def holds(container: Any, items: list[Any]) -> bool:
    """Whether a container holds what it held when `items_of` listed it."""
    now = items_of(container)
    return len(now) == len(items) and all(map(is_same, now, items))


def items_of(container: Any) -> list[Any]:
    """What a container holds, flat: keys and values of a dictionary in turn."""
    if isinstance(container, dict):
        return [part for pair in dict.items(container) for part in pair]
    return list(container)
