"""Compile a lowered program: generated classes go through method stubs, so that errors point at the user's files."""

from __future__ import annotations

import ast
import functools
import linecache
import math
import typing
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import nn

from scriptkit import log
from scriptkit.engines.torchscript.torch_names import private
from scriptkit.engines.torchscript.torch_names.private import LOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

_jit: Any = torch.jit
LINES_PER_FILE = 10**6
"""A line number of a lowered program is `file number * LINES_PER_FILE + line`."""

FALSE_IN_PYTHON: tuple[Any, ...] = (_jit.is_scripting, _jit.is_tracing)
"""Questions of user code whose answer is no while its Python runs."""

_TYPES: dict[str, Any] = {name: getattr(typing, name) for name in ("List", "Dict", "Tuple", "Optional")}
_NAMES: dict[str, Any] = {
    "torch": torch,
    "F": F,
    "math": math,
    "RuntimeError": RuntimeError,
    "Tensor": torch.Tensor,
    **_TYPES,
}


def knows_function(function: Any) -> bool:
    """Whether the compiler knows a function by itself."""
    try:
        return private.builtin_name(function) is not None
    except TypeError:  # it cannot be hashed
        return False


class Shadow(nn.Module):
    """A module of a lowered program: the user's parameters, buffers and submodules, and no code of the user."""


class _Places:
    """What the compiler asks for positions; the numbers of lines name the file too."""

    uses_true_division = True

    def __init__(self, paths: Sequence[str], name: str) -> None:
        self._files = [_file(path, "".join(linecache.getlines(path)) or "\n") for path in paths]
        self._last = self._files[0]
        self.filename = paths[0]
        self.funcname = name

    @property
    def source(self) -> _Text:
        """The file the compiler asked about last: it looks there for the name of an attribute."""
        return self._last[1]

    def make_range(self, line: int, start: int, end: int) -> Any:
        number, line = divmod(line, LINES_PER_FILE)
        self._last = self._files[number]
        return self._last[0].make_range(line, start, end)

    def make_raw_range(self, start: int, end: int) -> Any:
        return self._last[0].make_raw_range(*(min(place, len(self._last[1])) for place in (start, end)))


class _Text(str):
    """The text of a file; encoded, it goes on a little, because generated code can seem to end after its file does."""

    __slots__ = ()

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return _encoded(str(self), encoding, errors)


@functools.lru_cache(maxsize=64)
def _encoded(text: str, encoding: str, errors: str) -> bytes:
    return (text + "." * 200).encode(encoding, errors)


@functools.lru_cache(maxsize=256)
def _file(path: str, text: str) -> tuple[Any, _Text]:
    return private.source_ranges(text, path), _Text(text)


_classes: dict[object, type[Shadow]] = {}


def shadow_class(
    name: str, methods: Sequence[ast.FunctionDef], files: Sequence[str], defaults: Callable[..., Any] | None = None
) -> type[Shadow]:
    """The class of a lowered module; the same code gives the same class, and so the same compiled type.

    `defaults` is a function with the default values of `forward`, where it has any.
    """
    key = (name, tuple(files), *(ast.dump(method, include_attributes=True) for method in methods))
    known = _classes.get(key)
    if known is None:
        known = _classes[key] = type(
            name,
            (Shadow,),
            {"lowered_methods": tuple(methods), "lowered_files": tuple(files), "lowered_defaults": (defaults,)},
        )
    return known


def compile_lowered(root: nn.Module, names: Mapping[str, Any] | None = None) -> torch.jit.ScriptModule:
    """Compile a tree of shadows and modules of torch; raises what the compiler raises.

    `names` are classes that generated text names.
    """
    _NAMES.update(names or {})
    with LOCK, private.while_compiling(), private.type_store_unchanged_on_failure():
        log.compile_.debug("the lowered program of `%s`", type(root).__name__)
        return private.script_tree(root, _stubs)


def _stubs(module: nn.Module) -> list[Any]:
    if not isinstance(module, Shadow):
        return private.native_stubs(module)[0]
    methods: Sequence[ast.FunctionDef] = getattr(type(module), "lowered_methods", ())
    files: Sequence[str] = getattr(type(module), "lowered_files", ())
    stubs = [private.stub_of_tree(m, _Places(files, m.name), type(module).__name__, _NAMES) for m in methods]
    [defaults] = getattr(type(module), "lowered_defaults", (None,))
    return [
        stub._replace(original_method=defaults) if defaults and stub.def_.name().name == "forward" else stub
        for stub in stubs
    ]


def attributes_of(values: Mapping[str, Any], shadow: nn.Module, optional: Collection[str] = ()) -> None:
    """Give a shadow values that are neither parameters nor buffers; `optional` names tensors that may be None.

    The type goes with the value: torch >= 2.15 reads no annotations of an instance.
    """
    for name, value in values.items():
        setattr(shadow, name, _jit.Attribute(value, torch.Tensor | None) if name in optional else value)
