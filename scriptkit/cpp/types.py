"""TorchScript types and values in C++."""

from __future__ import annotations

import ast
import json
import math
from typing import TYPE_CHECKING, NamedTuple

import torch

from scriptkit.language.parsing import syntax_tree

if TYPE_CHECKING:
    from collections.abc import Mapping

_SIMPLE = {
    "Tensor": "at::Tensor",
    "int": "std::int64_t",
    "float": "double",
    "bool": "bool",
    "str": "std::string",
    "complex": "c10::complex<double>",
    "number": "c10::Scalar",
    "Device": "c10::Device",
    "NoneType": "c10::IValue",
}
_CONTAINERS = {
    "Optional": "std::optional",
    "List": "std::vector",
    "Tuple": "std::tuple",
    "Dict": "scriptkit::Dict",
}
_BY_VALUE = {"std::int64_t", "double", "bool", "c10::Device"}
ANYTHING = "c10::IValue"


class NamedTupleType(NamedTuple):
    """A named tuple of the model, which becomes a struct: its C++ name, its fields and their TorchScript types."""

    name: str
    fields: dict[str, str]


def cpp_type(annotation: str, named_tuples: Mapping[str, NamedTupleType]) -> str:
    """The C++ type for a TorchScript type; `c10::IValue` for what C++ has no type for."""
    return _cpp_type(syntax_tree(annotation, mode="eval").body, named_tuples)


def _cpp_type(node: ast.expr, named_tuples: Mapping[str, NamedTupleType]) -> str:
    if isinstance(node, ast.Name):
        return _SIMPLE.get(node.id, ANYTHING)
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id in _CONTAINERS:
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        arguments = ", ".join(_cpp_type(item, named_tuples) for item in inner)
        return f"{_CONTAINERS[node.value.id]}<{arguments}>"
    named = named_tuples.get(ast.unparse(node))
    return named.name if named else ANYTHING


def parameter_type(cpp: str) -> str:
    """How a function takes a value of this type."""
    return cpp if cpp in _BY_VALUE else f"const {cpp}&"


def cpp_literal(value: object, cpp: str) -> str | None:
    """An expression of this C++ type for a value, or None where there is none (tensors, for one)."""
    if value is None:
        return "std::nullopt" if cpp.startswith("std::optional") else "c10::IValue()"
    if cpp.startswith("std::optional<"):
        return cpp_literal(value, cpp.removeprefix("std::optional<").removesuffix(">"))
    if isinstance(value, (list, tuple, dict)):
        return _braced(value, cpp)
    return _simple_literal(value, cpp)


def _braced(value: list[object] | tuple[object, ...] | dict[object, object], cpp: str) -> str | None:
    """`type{...}`; the types of the items follow from their values, which suffices for literals."""
    if isinstance(value, dict):
        items = [_braced((key, item), "") for key, item in value.items()]
    else:
        items = [cpp_literal(item, _type_of(item)) for item in value]
    if any(item is None for item in items):
        return None
    return f"{cpp}{{{', '.join(item for item in items if item)}}}"


def _type_of(value: object) -> str:
    if isinstance(value, bool):
        return "bool"
    return {int: "std::int64_t", float: "double", str: "std::string"}.get(type(value), "")


def _simple_literal(value: object, cpp: str) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"{value}.0" if cpp == "double" else str(value)
    if isinstance(value, float):
        return _float_literal(value)
    if isinstance(value, str):
        return f"std::string({json.dumps(value)})" if "\\u" not in json.dumps(value) else None
    if isinstance(value, torch.device):
        return f'c10::Device("{value}")'
    return None


def _float_literal(value: float) -> str:
    if math.isfinite(value):
        return repr(value)
    limits = "std::numeric_limits<double>"
    return f"{limits}::quiet_NaN()" if math.isnan(value) else f"{'-' if value < 0 else ''}{limits}::infinity()"
