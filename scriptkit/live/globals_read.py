"""The plain global values that the code of a module tree reads: a compiled form holds them as constants."""

from __future__ import annotations

import inspect
import types
from typing import TYPE_CHECKING, Any

from scriptkit.live.places import is_project_code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn

_PLAIN = (bool, int, float, str, type(None))


def globals_read(module: nn.Module) -> list[tuple[dict[str, Any], str, Any]]:
    """Namespace, name and value of every plain global, and of every function, that project code of the tree reads."""
    found: dict[tuple[int, str], tuple[dict[str, Any], str, Any]] = {}
    seen: set[types.CodeType] = set()
    for kind in dict.fromkeys(type(part) for part in module.modules()):
        for base in kind.__mro__:
            for value in vars(base).values():
                for namespace, name, held in _read_by(value, seen):
                    found[id(namespace), name] = namespace, name, held
    return list(found.values())


def read_by(function: types.FunctionType) -> list[tuple[dict[str, Any], str, Any]]:
    """The same for one function and the functions it calls."""
    return list(_read_by(function, set()))


def _read_by(function: Any, seen: set[types.CodeType]) -> Iterator[tuple[dict[str, Any], str, Any]]:
    function = inspect.unwrap(function) if callable(function) else function
    if not isinstance(function, types.FunctionType) or function.__code__ in seen:
        return
    seen.add(function.__code__)
    if not is_project_code(function.__code__.co_filename):
        return
    for name in _names(function.__code__):
        value = function.__globals__.get(name, inspect)
        if isinstance(value, (*_PLAIN, types.FunctionType)):
            yield function.__globals__, name, value
            yield from _read_by(value, seen)


def _names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)
