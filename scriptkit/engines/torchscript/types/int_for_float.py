"""An `int` where a type says `float`: the compiler makes a float of it, Python does not."""

from __future__ import annotations

import types
import typing
from typing import Any, Union


def has_int_for_float(value: Any, annotation: Any) -> bool:
    """Whether an `int` lies where a type says `float`; compiled code would have another number there."""
    if annotation is float:
        return type(value) is int
    parts = typing.get_args(annotation)
    if typing.get_origin(annotation) in (Union, types.UnionType):
        return int not in parts and any(has_int_for_float(value, part) for part in parts)
    if isinstance(value, list) and len(parts) == 1:
        return any(has_int_for_float(item, parts[0]) for item in value)
    if isinstance(value, dict) and len(parts) == 2:  # noqa: PLR2004 - keys and values
        return any(has_int_for_float(item, parts[1]) for item in value.values())
    if isinstance(value, tuple) and len(parts) == len(value):
        return any(map(has_int_for_float, value, parts))
    return False
