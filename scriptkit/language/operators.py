"""What compiled code may call: tables generated from torch's schemas, one for each torch, and a few additions by hand.

The tables are made by `python -m tools.operators` (`make operators`) and read when first needed: one whole, of the
version `BASE`, the others as what differs from it. Schemas are kept as text and parsed one by one: most files use a few
dozen of them. `versions.judged_for` chooses the torch.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from functools import cache
from typing import Any

from scriptkit.language import versions
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

BASE = "2.13"
SETS = ("refused", "tensor_python_only")

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


class Operators:
    """The table of one torch, and what was parsed of it."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data: dict[str, Any] = {key: frozenset(value) if key in SETS else value for key, value in data.items()}
        self._overloads: dict[str, tuple[Schema, ...]] = {}
        self._python_functions: dict[str, tuple[Schema, ...]] = {}

    def overloads(self, operator: str) -> tuple[Schema, ...]:
        """The overloads of an operator in the order the compiler tries them."""
        found = self._overloads.get(operator)
        if found is None:
            written = [*self.data["operators"].get(operator, ()), *ADDITIONS.get(operator, ())]
            name = operator.removeprefix("prim::")
            found = self._overloads[operator] = tuple(parse_schema(name, text) for text in written)
        return found

    def python_function(self, dotted: str) -> tuple[Schema, ...]:
        """The overloads of a function that torch has in Python."""
        found = self._python_functions.get(dotted)
        if found is None:
            texts = [text for text in self.data["python_functions"].get(dotted, ()) if not text.startswith("?")]
            name = dotted.rpartition(".")[2]
            found = self._python_functions[dotted] = tuple(parse_schema(name, text) for text in texts)
        return found


@cache
def of_torch(version: str) -> Operators:
    """The table of a known version."""
    base = _read(BASE)
    return Operators(base if version == BASE else patched(base, _read(version)))


@cache
def _read(version: str) -> dict[str, Any]:
    path = versions.TABLES / f"{version}{versions.ENDING}"
    loaded: dict[str, Any] = json.loads(zlib.decompress(path.read_bytes()))
    return loaded


def patched(base: dict[str, Any], differences: dict[str, Any]) -> dict[str, Any]:
    """A table from what differs: in a mapping None removes a key, of a list it is told what goes and what comes."""
    made = dict(base)
    for key, difference in differences.items():
        if isinstance(base[key], dict):
            made[key] = {name: value for name, value in {**base[key], **difference}.items() if value is not None}
        elif isinstance(base[key], list):
            made[key] = list({*base[key], *difference["comes"]}.difference(difference["goes"]))
        else:
            made[key] = difference
    return made


def differing(base: dict[str, Any], table: dict[str, Any]) -> dict[str, Any]:
    """What `patched` makes `table` of, given the same base."""
    found: dict[str, Any] = {}
    for key, value in table.items():
        before = base[key]
        if isinstance(value, dict):
            found[key] = {name: given for name, given in value.items() if before.get(name) != given}
            found[key].update(dict.fromkeys(before.keys() - value.keys()))
        elif isinstance(value, list):
            found[key] = {"comes": sorted({*value}.difference(before)), "goes": sorted({*before}.difference(value))}
        else:
            found[key] = value
    return found


def current() -> Operators:
    """The table of the torch that code is judged for."""
    return of_torch(versions.judged())


def table() -> dict[str, Any]:
    """The generated table as data."""
    return current().data


def torch_version() -> str:
    """The torch whose schemas these are."""
    version: str = table()["torch"]
    return version


def overloads(operator: str) -> tuple[Schema, ...]:
    """The overloads of an operator in the order the compiler tries them; empty where there is none."""
    return current().overloads(operator)


def is_operator(name: str) -> bool:
    """Whether an operator of that name exists."""
    return name in table()["operators"] or name in ADDITIONS


def operator_of(dotted: str) -> str | None:
    """The operator a Python function stands for: `add` for `torch.add`."""
    found: str | None = table()["functions"].get(dotted)
    return found


def python_function(dotted: str) -> tuple[Schema, ...]:
    """The overloads of a function that torch has in Python and the compiler takes: `torch.nn.functional.relu`."""
    return current().python_function(dotted)


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
