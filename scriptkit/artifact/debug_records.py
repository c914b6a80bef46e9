"""The debug records of archived code: which byte of it came from which Python line.

LibTorch prints these lines when a model raises. torch writes absolute paths, and for a traced module the stack of the
program that traced it; here they become paths relative to the package, and the stack ends at the model.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

from scriptkit.artifact.pickle_writing import written
from scriptkit.artifact.pickles import Reduced, Sequence, read_pickle
from scriptkit.errors import ArtifactError

_FORMAT = "FORMAT_WITH_STRING_TABLE"
_LIST = "torch.jit._pickle.build_intlist"
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


_MOST = 1 << 31
_NOWHERE = Origin("", "", 0, 0, 1)
"""What torch writes for code that has no source."""


def read_marks(name: str, data: bytes, *, from_torch: bool = False) -> list[Mark]:
    """The marks of one `.debug_pkl` entry; raises ArtifactError for anything else.

    What torch itself just wrote (`from_torch`) may point behind a text that was generated: there it ends with the text.
    """
    match read_pickle(name, data):
        case Sequence(items=[str() as version, Sequence(items=table), Sequence(items=records)]) if (
            version == _FORMAT and all(isinstance(text, str) for text in table)
        ):
            marks = [_mark(table, record) for record in records]
            marks = [_within(mark) if from_torch and mark is not None else mark for mark in marks]
            if all(map(_fits, marks)):
                return [mark for mark in marks if mark is not None]
    message = f"the debug records `{name}` are damaged: they name lines that are not in them"
    raise ArtifactError(message)


def _mark(table: list[str], record: Any) -> Mark | None:
    match record:
        case Sequence(items=[int() as offset, Sequence(items=[where, int() as start, int() as end]), int() as tag]):
            origin = _origin(table, where, start, end)
            return None if origin is None else Mark(offset, origin, tag)
    return None


def _origin(table: list[str], where: Any, start: int, end: int) -> Origin | None:
    match where:
        case Sequence(
            items=[
                Reduced(function=function, argument=Sequence(items=[Sequence(items=pieces)])),
                int() as path,
                int() as line,
            ]
        ) if function == _LIST and all(type(piece) is int and 0 <= piece < len(table) for piece in [*pieces, path]):
            text = "".join(table[piece] for piece in pieces)
            return Origin(text, table[path], line, start, end)
    return None


def _within(mark: Mark) -> Mark:
    origin = mark.origin
    if origin == _NOWHERE:
        return mark
    length = len(origin.text.encode("utf-8", "surrogatepass"))
    start = min(max(origin.start, 0), length)
    return mark._replace(origin=origin._replace(start=start, end=min(max(origin.end, start), length)))


def _fits(mark: Mark | None) -> bool:
    """Whether what a mark means lies in its text: torch believes that."""
    if mark is None or not 0 <= mark.offset < _MOST or not 0 <= mark.origin.line < _MOST:
        return False
    if mark.origin == _NOWHERE:
        return True
    return 0 <= mark.origin.start <= mark.origin.end <= len(mark.origin.text.encode("utf-8", "surrogatepass"))


def write_marks(marks: list[Mark]) -> bytes:
    """The bytes of one `.debug_pkl` entry."""
    table: dict[str, int] = {"": 0}
    records: list[Any] = []
    for offset, origin, tag in marks:
        text, path = (table.setdefault(value, len(table)) for value in (origin.text, origin.path))
        pieces = Reduced(_LIST, Sequence([Sequence([text], is_list=True)]))
        where = Sequence([pieces, path, origin.line])
        records.append(Sequence([offset, Sequence([where, origin.start, origin.end]), tag]))
    return written(Sequence([_FORMAT, Sequence([*table]), Sequence(records)]))


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
