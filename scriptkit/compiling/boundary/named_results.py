"""Named tuples for results that have fields in Python: dataclasses, named tuples, outputs of a library.

TorchScript knows none of these classes. A named tuple has their fields, in the order of the class, for whoever calls a
file; where a field has no type of TorchScript's, the result stays a plain tuple.
"""

from __future__ import annotations

import keyword
import typing
import zlib
from typing import TYPE_CHECKING, Any, Final

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

CLASSES: Final[dict[str, Any]] = {}
"""The named tuples made so far, by the names under which generated text calls them."""


def named_tuple(owner: type, fields: Sequence[str], types: Sequence[str]) -> str | None:
    """The name of a class for results of `owner` with these fields of these types; None where there can be none."""
    if not all(map(_may_be_field, fields)) or not all(types) or not owner.__name__.isidentifier():
        return None
    told = ", ".join(f"{field}: {type_}" for field, type_ in zip(fields, types, strict=True))
    name = f"{owner.__name__}_{zlib.crc32(told.encode()):08x}"
    if name not in CLASSES:
        names = {"Tensor": torch.Tensor, **vars(typing), **CLASSES}
        typed = [(field, eval(type_, names)) for field, type_ in zip(fields, types, strict=True)]  # noqa: S307  # ours
        made: Any = typing.NamedTuple(name, typed)  # type: ignore[misc]
        made.__module__ = "scriptkit.results"
        CLASSES[name] = made
    return name


def _may_be_field(name: object) -> bool:
    return (
        isinstance(name, str)
        and name.isidentifier()
        and not name.startswith("_")
        and not keyword.iskeyword(name)
        and not hasattr(tuple, name)
    )
