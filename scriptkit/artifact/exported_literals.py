"""Plain values and nested structures of calls as JSON, and back; see `docs/exported-file.md`."""

from __future__ import annotations

import collections
import math
import re
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.errors import ArtifactError
from scriptkit.live.nested import Constant, Leaf, Nest, Structure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_NAMED: dict[type, str] = {
    torch.dtype: "dtype",
    torch.layout: "layout",
    torch.memory_format: "memory_format",
    torch.device: "device",
}
_FLOATS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_SCALARS: dict[str, type] = {"int": int, "float": float, "bool": bool}
_BY_FIELDS = {"dataclass", "object", "mapping"}
_NAME = re.compile(r"[A-Za-z_]\w*")
_DEEPEST = 64


def literal(value: Any) -> Any:
    """A plain value as JSON; raises ArtifactError for anything else."""
    for kind, name in _NAMED.items():
        if isinstance(value, kind):
            return {name: str(value).removeprefix("torch.")}
    if isinstance(value, complex):
        return {"complex": [literal(value.real), literal(value.imag)]}
    if type(value) is float and not math.isfinite(value):
        return {"float": "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"}
    if value is None or type(value) in {bool, int, float, str}:
        return value
    raise ArtifactError(f"a {type(value).__name__} cannot be told in a file: {value!r}")


def value_of(text: Any) -> Any:
    """The value of such JSON; raises ArtifactError for anything else."""
    if not isinstance(text, dict):
        if text is None or isinstance(text, (bool, int, float, str)):
            return text
        raise ArtifactError(f"the manifest has a value it cannot have: {text!r}")
    ((kind, said),) = text.items() if len(text) == 1 else [("", None)]
    if kind == "float" and said in _FLOATS:
        return _FLOATS[said]
    if kind == "complex" and isinstance(said, list) and len(said) == 2:  # noqa: PLR2004 - a pair
        return complex(value_of(said[0]), value_of(said[1]))
    if kind == "device" and isinstance(said, str):
        return torch.device(said)
    named = getattr(torch, said, None) if isinstance(said, str) and _NAME.fullmatch(said) else None
    if kind in _NAMED.values() and named is not None and _NAMED.get(type(named)) == kind:
        return named
    raise ArtifactError(f"the manifest has a value it cannot have: {text!r}")


def structure_document(structure: Structure, kind_of: Callable[[int], dict[str, Any]]) -> dict[str, Any]:
    """A tree of numbers as JSON; `kind_of` says what stands for each number."""
    if isinstance(structure, Leaf):
        if structure.scalar is not None:
            return {"kind": structure.scalar.__name__, "index": structure.index}
        return kind_of(structure.index) | {"index": structure.index}
    if isinstance(structure, Constant):
        return {"kind": "value", "value": literal(structure.value)}
    items = [structure_document(item, kind_of) for item in structure.items]
    if structure.kind == "namedtuple":
        fields = list(structure.type._fields)  # type: ignore[attr-defined]
        return {"kind": "namedtuple", "name": structure.type.__name__, "fields": fields, "items": items}
    if structure.kind in _BY_FIELDS:
        name = structure.type.__name__
        return {"kind": "object", "name": name, "fields": [str(key) for key in structure.keys], "items": items}
    if structure.kind == "dict":
        return {"kind": "dict", "keys": [literal(key) for key in structure.keys], "items": items}
    return {"kind": structure.kind, "items": items}


def structure_of(document: Any, depth: int = 0) -> Structure:
    """The tree of such JSON; a class of the user's becomes a dictionary of its fields."""
    if not isinstance(document, dict) or depth > _DEEPEST:
        raise ArtifactError("the manifest has a structure that is none")
    kind = document.get("kind")
    if kind == "value":
        value = value_of(document.get("value"))
        return Leaf(_index(document)) if "index" in document else Constant(value)
    if kind == "tensor" or kind in _SCALARS:
        return Leaf(_index(document), _SCALARS.get(str(kind)))
    raw = document.get("items")
    items = tuple(structure_of(item, depth + 1) for item in raw) if isinstance(raw, list) else ()
    if kind in {"list", "tuple"}:
        return Nest(kind, _list_or_tuple(kind), tuple(range(len(items))), items)
    keys = document.get("keys", document.get("fields"))
    if not isinstance(keys, list) or len(keys) != len(items):
        raise ArtifactError("the manifest has a structure whose keys and items differ in number")
    if kind == "namedtuple":
        return Nest("namedtuple", _named_tuple(document.get("name"), keys), tuple(range(len(items))), items)
    if kind in {"dict", "object"}:
        return Nest("dict", dict, tuple(value_of(key) for key in keys), items)
    raise ArtifactError(f"the manifest has a structure of an unknown kind: {kind!r}")


def _list_or_tuple(kind: str) -> type:
    return list if kind == "list" else tuple


def _index(document: dict[str, Any]) -> int:
    index = document.get("index")
    if type(index) is not int or index < 0:
        raise ArtifactError("the manifest has a structure without a number")
    return index


def _named_tuple(name: object, fields: Sequence[Any]) -> type:
    try:
        return collections.namedtuple(str(name), [str(field) for field in fields])  # noqa: PYI024 - made at run time
    except ValueError as error:
        raise ArtifactError(f"the manifest has a named tuple with fields that are no names: {error}") from error
