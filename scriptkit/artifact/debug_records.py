"""The debug records of archived code: which byte of it came from which Python line.

LibTorch prints these lines when a model raises. torch writes absolute paths, and for a traced module the stack of the
program that traced it; here they become paths relative to the package, and the stack ends at the model.
"""

from __future__ import annotations

import io
import pickle
import re
from pathlib import Path
from typing import Any, NamedTuple

from scriptkit.artifact.pickles import plain_pickle
from scriptkit.errors import ArtifactError

_FORMAT = "FORMAT_WITH_STRING_TABLE"
_FRAME = re.compile(r"^(?P<path>[^\n]+)\((?P<line>\d+)\): (?P<function>[^\n]+)$", re.MULTILINE)
_TRACER = "torch/jit/_trace.py"
_PLUMBING = ("_slow_forward", "_call_impl", "_wrapped_call_impl")
_ABSOLUTE = re.compile(r"/|[A-Za-z]:[\\/]|\\\\")


class Origin(NamedTuple):
    """A piece of Python source: the text, where it was, and the part of it that is meant."""

    text: str
    path: str
    line: int
    start: int
    end: int


class Mark(NamedTuple):
    """From this byte of the archived code on, the origin is this one."""

    offset: int
    origin: Origin
    tag: int


class _DataOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> type[list[int]]:
        if (module, name) == ("torch.jit._pickle", "build_intlist"):
            return list
        message = f"internal error: debug records ask for {module}.{name}"
        raise ArtifactError(message)


def read_marks(data: bytes) -> list[Mark]:
    """The marks of one `.debug_pkl` entry."""
    version, table, records = _DataOnly(io.BytesIO(data)).load()
    if version != _FORMAT:
        message = f"internal error: debug records have the format {version!r}"
        raise ArtifactError(message)
    return [_mark(table, record) for record in records]


def _mark(table: tuple[str, ...], record: tuple[int, Any, int]) -> Mark:
    offset, ((pieces, path, line), start, end), tag = record
    return Mark(offset, Origin("".join(table[piece] for piece in pieces), table[path], line, start, end), tag)


def write_marks(marks: list[Mark]) -> bytes:
    """The bytes of one `.debug_pkl` entry."""
    table: dict[str, int] = {"": 0}
    records = []
    for offset, origin, tag in marks:
        text, path = (table.setdefault(value, len(table)) for value in (origin.text, origin.path))
        records.append((offset, (([text], path, origin.line), origin.start, origin.end), tag))
    return plain_pickle((_FORMAT, tuple(table), tuple(records)))


def without_machine(origin: Origin) -> Origin:
    """The origin as it may leave this machine: no absolute path, no frames of the program that traced it."""
    path = package_relative(origin.path)
    if not _FRAME.match(origin.text):
        return origin._replace(path=path)
    text = _model_frames(origin.text)
    return Origin(text, path, origin.line, 0, len(text))


def _model_frames(stack: str) -> str:
    """The frames of a recorded stack, innermost first, up to the tracer; without those of `Module.__call__`."""
    kept = []
    for frame in _FRAME.finditer(stack):
        path = package_relative(frame["path"])
        if path == _TRACER:
            break
        if frame["function"] not in _PLUMBING:
            kept.append(f"{path}({frame['line']}): {frame['function']}\n")
    return "".join(kept)


def package_relative(path: str) -> str:
    """The path from the folder that holds the outermost package of the file, with forward slashes."""
    if not _ABSOLUTE.match(path):
        return path
    parts = re.split(r"[\\/]+", path)
    for installed in ("site-packages", "dist-packages"):
        if installed in parts:
            return "/".join(parts[parts.index(installed) + 1 :])
    first = len(parts) - 1
    while first > 1 and Path("/".join(parts[:first]), "__init__.py").is_file():
        first -= 1
    return "/".join(parts[first:])
