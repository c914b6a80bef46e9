"""Lists and dictionaries that live on both sides: noticed when Python changed them, updated in place when C++ did."""

from __future__ import annotations

from typing import Any

from scriptkit.watching.sameness import is_same


def snapshot(value: Any) -> Any:
    """A copy of a container's structure; what is in it is shared."""
    if isinstance(value, list):
        return [snapshot(item) for item in value]
    if isinstance(value, dict):
        return {key: snapshot(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(snapshot(item) for item in value)
    return value


def is_mutable(value: object) -> bool:
    """Whether a value is a container that can change in place, or holds one."""
    return isinstance(value, list | dict) or (isinstance(value, tuple) and any(is_mutable(item) for item in value))


def is_unchanged(value: Any, before: Any) -> bool:
    """Whether a container still looks like its snapshot; tensors count by identity, numbers by type and value."""
    if type(value) is not type(before):
        return False
    if isinstance(value, list | tuple):
        return len(value) == len(before) and all(map(is_unchanged, value, before))
    if isinstance(value, dict):
        return (
            len(value) == len(before)
            and all(map(is_same, value, before))
            and all(map(is_unchanged, value.values(), before.values()))
        )
    return is_same(value, before)


def update_in_place(value: Any, new: Any) -> Any:
    """Give a container its new content and keep its identity; returns what the attribute has to hold."""
    if isinstance(value, list) and isinstance(new, list):
        value[:] = [update_in_place(old, item) for old, item in zip(value, new, strict=False)] + new[len(value) :]
        return value
    if isinstance(value, dict) and isinstance(new, dict):
        merged = {key: update_in_place(value.get(key), item) for key, item in new.items()}
        value.clear()
        value.update(merged)
        return value
    return new
