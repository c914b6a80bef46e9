"""State outside of buffers: attributes that a call changes, which no program carries from call to call.

Where an attribute is read and written is asked of the compiled code of its class: it is there for classes of notebooks
and of generated modules, too, whose text is not.
"""

from __future__ import annotations

import dis
import functools
import inspect
import types
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch import nn

from scriptkit.engines.export.remarks import Place
from scriptkit.live.comparison import compare

if TYPE_CHECKING:
    from collections.abc import Iterator

_OF_TORCH = frozenset(vars(nn.Module()))


def attributes(module: nn.Module) -> dict[tuple[str, str], Any]:
    """Every plain attribute of a tree, by path and name."""
    return {
        (path, name): value
        for path, part in module.named_modules()
        for name, value in vars(part).items()
        if name not in _OF_TORCH and not name.startswith("__") and not isinstance(value, types.MethodType)
    }


def changed(before: nn.Module, after: nn.Module) -> list[tuple[str, str]]:
    """The attributes that differ between two copies of one tree, as (path of the module, name)."""
    old, new = attributes(before), attributes(after)
    return [place for place in new if place not in old or _differ(old[place], new[place])]


def _differ(one: Any, other: Any) -> bool:
    if one is other:
        return False
    try:
        return bool(compare(one, other))
    except Exception:  # noqa: BLE001 - classes of others need not let themselves be taken apart
        return not _says_equal(one, other)


def _says_equal(one: Any, other: Any) -> bool:
    try:
        return type(one) is type(other) and bool(one == other)
    except Exception:  # noqa: BLE001 - what cannot be compared is not the same
        return False


def is_read(module: nn.Module, path: str, name: str) -> bool:
    """Whether the class of that part reads the attribute anywhere."""
    return any(name in _of_class(base).read for base in _written_classes(module, path))


def place_of_write(module: nn.Module, path: str, name: str) -> Place | None:
    """The line that assigns the attribute, or else one that reads it: what it holds may be changed there."""
    for base in _written_classes(module, path):
        found = _of_class(base)
        place = found.written.get(name) or found.read.get(name)
        if place is not None:
            return place
    return None


def _written_classes(module: nn.Module, path: str) -> list[type]:
    return [base for base in type(module.get_submodule(path)).__mro__ if base not in {nn.Module, object}]


@dataclass(frozen=True)
class _Accesses:
    """The names that the methods of a class read and write on anything, each with a line."""

    read: dict[str, Place]
    written: dict[str, Place]


@functools.lru_cache(maxsize=1024)
def _of_class(kind: type) -> _Accesses:
    found = _Accesses({}, {})
    for name, member in vars(kind).items():
        for code in _codes(member):
            _note(code, found, constructs=name == "__init__")
    return found


def _note(code: types.CodeType, found: _Accesses, *, constructs: bool) -> None:
    starts, line = dict(dis.findlinestarts(code)), code.co_firstlineno
    for instruction in dis.get_instructions(code):
        line = starts.get(instruction.offset) or line
        place = Place(code.co_filename, line)
        if instruction.opname in {"LOAD_ATTR", "LOAD_METHOD"}:
            found.read.setdefault(str(instruction.argval), place)
        elif instruction.opname == "STORE_ATTR" and not constructs:
            found.written[str(instruction.argval)] = place
    for constant in code.co_consts:
        if isinstance(constant, str):
            found.read.setdefault(constant, Place(code.co_filename, code.co_firstlineno))  # getattr(self, "name")


def _codes(member: Any) -> Iterator[types.CodeType]:
    """The code of a member of a class, and of the functions within."""
    if isinstance(member, (staticmethod, classmethod)):
        member = member.__func__
    if isinstance(member, property):
        for function in (member.fget, member.fset):
            yield from _codes(function)
        return
    code = getattr(inspect.unwrap(member), "__code__", None) if callable(member) else None
    todo = [code] if isinstance(code, types.CodeType) else []
    while todo:
        code = todo.pop()
        yield code
        todo += [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]


def spoken(path: str, name: str) -> str:
    """An attribute as its author writes it."""
    return f"'self.{path}.{name}'" if path else f"'self.{name}'"
