"""What compiled code may call: the table generated from torch's schemas, and a few additions by hand.

The table is made by `python -m tools.operators` (`make operators`) and read when first needed. Schemas are kept as
text and
parsed one by one: most files use a few dozen of them.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from scriptkit.language.types import (
    ANY,
    ATOMS,
    DEVICE,
    GENERATOR,
    NONE,
    STREAM,
    UNKNOWN,
    Dict,
    Future,
    List,
    Tuple,
    Type,
    Variable,
    optional,
    union,
)

TABLE = Path(__file__).with_name("operators.json.z")

ADDITIONS: dict[str, tuple[str, ...]] = {
    # torch/csrc/jit/frontend/builtin_functions.cpp: operators the compiler defines in Python, which have no schema of
    # their own
    **{
        name: tuple(f"a {scalar};b Tensor->Tensor" for scalar in ("float", "int", "complex"))
        for name in ("add", "sub", "mul", "div", "lt", "le", "gt", "ge", "eq", "ne")
    },
    "floordiv": ("self Tensor;other number->Tensor", "self Tensor;other Tensor->Tensor"),
    "_assert": ("condition bool;message str->", "condition Tensor;message str->"),
    "__contains__": ("text str;item str->bool",),
    "ndim": ("self Tensor->int",),
    "index_put_": ("self Tensor;indices List[Optional[Tensor]];values Tensor;accumulate bool =->Tensor",),
    # casts the compiler spells as types
    "tolist": ("self Tensor->Any",),
}


@dataclass(frozen=True)
class Argument:
    """One formal argument; `length` is the 2 of `int[2]`, for which a single int will do."""

    name: str
    type: Type
    has_default: bool
    keyword_only: bool
    length: int


@dataclass(frozen=True)
class Schema:
    """One overload."""

    name: str
    arguments: tuple[Argument, ...]
    returns: Type
    varargs: bool = False
    internal: bool = False


@cache
def table() -> dict[str, Any]:
    """The generated table as data."""
    loaded: dict[str, Any] = json.loads(zlib.decompress(TABLE.read_bytes()))
    loaded["refused"] = frozenset(loaded["refused"])
    loaded["tensor_python_only"] = frozenset(loaded["tensor_python_only"])
    return loaded


def torch_version() -> str:
    """The torch whose schemas these are."""
    version: str = table()["torch"]
    return version


@cache
def overloads(operator: str) -> tuple[Schema, ...]:
    """The overloads of an operator in the order the compiler tries them; empty where there is none."""
    written = [*table()["operators"].get(operator, ()), *ADDITIONS.get(operator, ())]
    return tuple(parse_schema(operator.removeprefix("prim::"), text) for text in written)


def is_operator(name: str) -> bool:
    """Whether an operator of that name exists."""
    return name in table()["operators"] or name in ADDITIONS


def operator_of(dotted: str) -> str | None:
    """The operator a Python function stands for: `add` for `torch.add`."""
    found: str | None = table()["functions"].get(dotted)
    return found


@cache
def python_function(dotted: str) -> tuple[Schema, ...]:
    """The overloads of a function that torch has in Python and the compiler takes: `torch.nn.functional.relu`."""
    written = [text for text in table()["python_functions"].get(dotted, ()) if not text.startswith("?")]
    return tuple(parse_schema(dotted.rpartition(".")[2], text) for text in written)


def dispatch_argument(dotted: str) -> str | None:
    """The bool that chooses between the two forms of a function such as `max_pool2d`: `return_indices`."""
    written = table()["python_functions"].get(dotted, ())
    return written[0][1:] if written and written[0].startswith("?") else None


def is_refused(dotted: str) -> bool:
    """Whether the compiler is known to refuse a function of torch or math."""
    return dotted in table()["refused"]


def constant_type(dotted: str) -> Type | None:
    """The type of a constant such as `math.pi` or `torch.float32`."""
    found = table()["constants"].get(dotted)
    return ATOMS[found] if found else None


def tensor_attribute(name: str) -> Type | None:
    """The type of `x.name` for a tensor `x`."""
    found = table()["tensor_attributes"].get(name)
    return parse_type(found) if found else None


def is_tensor_cast(name: str) -> bool:
    """Whether `x.name()` exists for a tensor although no schema says so: `float`, `long`."""
    return name in table()["tensor_methods"]


def nn_module(name: str) -> dict[str, Any] | None:
    """The forward and the annotations of a class of `torch.nn`, by its bare name."""
    found: dict[str, Any] | None = table()["modules"].get(name)
    return found


@cache
def parse_schema(name: str, text: str) -> Schema:
    """From the table's notation."""
    written, _, returned = text.partition("->")
    varargs = written.endswith("...")
    arguments = tuple(map(_parse_argument, filter(None, written.removesuffix("...").split(";"))))
    returns = [part.rpartition("=") for part in returned.split(";") if part]
    types = [parse_type(kind) for *_, kind in returns]
    fields = [field for field, *_ in returns if field]
    result = NONE if not types else types[0] if len(types) == 1 else Tuple(types, "", fields)
    return Schema(name, arguments, result, varargs)


def _parse_argument(text: str) -> Argument:
    name, kind, *rest = text.split(" ")
    flags = rest[0] if rest else ""
    digits = flags.lstrip("=*")
    return Argument(name, parse_type(kind), "=" in flags, "*" in flags, int(digits) if digits else 0)


@cache
def parse_type(text: str) -> Type:
    """`List[Optional[Tensor]]`, as the schemas write it."""
    head, bracket, inner = text.partition("[")
    if not bracket:
        return NAMES[head] if head in NAMES else Variable(head) if head[:1].islower() and "." not in head else UNKNOWN
    parts = [parse_type(part) for part in _split(inner[:-1])]
    if head == "List":
        return List(parts[0])
    if head == "Dict":
        return Dict(parts[0], parts[1])
    if head == "Tuple":
        return Tuple([] if inner == "()]" else parts)
    if head == "Optional":
        return optional(parts[0])
    if head == "Future":
        return Future(parts[0])
    return union(parts) if head == "Union" else UNKNOWN


def _split(text: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for position, character in enumerate(text):
        depth += (character == "[") - (character == "]")
        if character == "," and depth == 0:
            parts.append(text[start:position])
            start = position + 1
    return [*parts, text[start:]]


NAMES = {
    **ATOMS,
    "NoneType": NONE,
    "Device": DEVICE,
    "Generator": GENERATOR,
    "Stream": STREAM,
    "Any": ANY,
    "()": NONE,
}
