"""C++ types for what the programs of a method take and give."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

ANYTHING = "scriptkit::Value"
TENSOR = "at::Tensor"
_LEAVES = {"tensor": TENSOR, "int": "std::int64_t", "float": "double", "bool": "bool"}
_LITERALS: dict[type, str] = {bool: "bool", int: "std::int64_t", float: "double", str: "std::string"}
_BY_VALUE = {"std::int64_t", "double", "bool"}
NOTHING = "nothing"


@dataclass
class Records:
    """The structs that named tuples and objects become: C++ names of types, by name and fields."""

    structs: dict[tuple[str, tuple[tuple[str, str], ...]], str] = field(default_factory=dict)

    def struct(self, name: str, fields: Iterable[tuple[str, str]]) -> str:
        """The name of the struct with these fields, made where there is none yet."""
        key = (name, tuple(fields))
        if key not in self.structs:
            short = re.sub(r"\W", "", name.rpartition(".")[2]) or "Record"
            taken = set(self.structs.values())
            self.structs[key] = short if short not in taken else f"{short}{len(taken)}"
        return self.structs[key]


def cpp_type(structure: dict[str, Any], records: Records) -> str:
    """The type of a structure of the manifest: `nothing` for None, `scriptkit::Value` for what C++ has no type for."""
    kind = structure["kind"]
    if kind in _LEAVES:
        return _LEAVES[kind]
    if kind == "value":
        value = structure.get("value")
        return NOTHING if value is None else _LITERALS.get(type(value), ANYTHING)
    items = [_known(cpp_type(item, records)) for item in structure["items"]]
    if kind == "tuple":
        return f"std::tuple<{', '.join(items)}>"
    if kind in {"namedtuple", "object"}:
        return records.struct(structure["name"], zip(structure["fields"], items, strict=True))
    if len(set(items)) != 1:
        return ANYTHING
    if kind == "list":
        return f"std::vector<{items[0]}>"
    return f"scriptkit::Dict<{items[0]}>" if all(isinstance(key, str) for key in structure["keys"]) else ANYTHING


def _known(cpp: str) -> str:
    return ANYTHING if cpp == NOTHING else cpp


def common_type(types: set[str]) -> str:
    """One type for what several programs take or give."""
    some = types - {NOTHING}
    if not some:
        return ANYTHING
    if len(some) > 1 or ANYTHING in some:
        return ANYTHING
    only = some.pop()
    return f"std::optional<{only}>" if NOTHING in types else only


def parameter_type(cpp: str) -> str:
    """How a function takes a value of this type."""
    return cpp if cpp in _BY_VALUE else f"const {cpp}&"
