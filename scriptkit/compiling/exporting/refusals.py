"""Why something cannot be exported, in the user's words and at the user's line."""

from __future__ import annotations

import linecache
import re
import sysconfig
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from scriptkit import log
from scriptkit.compiling.exporting.rewriting import program
from scriptkit.diagnostics import Diagnostic
from scriptkit.engines.export import torch_names
from scriptkit.engines.export.raw_errors import Said, said
from scriptkit.engines.export.remarks import Place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

CODE, NAME = "SK960", "export-refused"
_SYMPY = Path(torch.__path__[0]).parent / "sympy"
_PACKAGES = tuple(f"{folder}/" for folder in (*torch.__path__, _SYMPY, Path(__file__).parents[2]))
_PYTHON = sysconfig.get_paths()["stdlib"] + "/"
_INSTALLED = "/site-packages/"
_INSIDE = Said(
    "torch has to know a size or a number here that only a run of the program knows",
    "say before what holds of it, such as `torch._check(n <= x.size(0))`, or keep it a tensor",
)
_DECIDES = re.compile(
    r"^(?:if|elif|while|assert|for|return)\b|\b(?:if|and|or|not|in)\b|\b(?:bool|int|float|min|max|round|range)\(|item\(\)"
)
_FRAME = re.compile(r'File "([^"\n]+)", line (\d+)')


def is_foreign(path: str) -> bool:
    """Whether a file is no line of the model: torch, scriptkit, Python itself, or code without a file."""
    if path.startswith("<"):
        return not path.startswith("<ipython")
    return path.startswith(_PACKAGES) or (path.startswith(_PYTHON) and _INSTALLED not in path)


def place_of(path: str, line: int) -> Place | None:
    """The line of the model that a line of code is, None where it is none."""
    return program.place_of(path, line) or (None if is_foreign(path) else Place(path, line))


def diagnostic(error: BaseException, class_name: str, method: str, otherwise: Place) -> Diagnostic:
    """One failure of an export: what, where (`otherwise` where no line of the model led to it), and the way out."""
    found = [*_places(error.__traceback__), *_told_places(str(error))]
    place = found[-1] if found else otherwise
    words = said(error)
    if torch_names.is_data_dependent(error) and found and not _DECIDES.search(_line(place).strip()):
        words = _INSIDE
    return diagnostic_at(place, words.message, words.way_out, class_name=class_name, method=method)


def diagnostic_at(place: Place, message: str, help_: str, *, class_name: str, method: str) -> Diagnostic:
    """One finding at a line."""
    path, line = place.path, place.line
    text = _line(place)
    column = len(text) - len(text.lstrip()) + 1
    end = len(text.rstrip()) + 1
    return Diagnostic(
        *(path, line, column, line, max(end, column)),
        code=CODE,
        name=NAME,
        message=message,
        help=help_,
        class_name=class_name,
        method=method,
    )


def _told_places(text: str) -> Iterator[Place]:
    """The lines of the model that an error names itself: those within a branch or a loop are on no stack."""
    for path, line in _FRAME.findall(text):
        place = place_of(path, int(line))
        if place is not None and _line(place):
            yield place


def _line(place: Place) -> str:
    return linecache.getline(place.path, place.line) if place.line else ""


def _places(trace: TracebackType | None) -> Iterator[Place]:
    """The lines of the model that led to an error, the outermost first."""
    while trace is not None:
        place = place_of(trace.tb_frame.f_code.co_filename, trace.tb_lineno)
        if place is not None:
            yield place
        trace = trace.tb_next


def traced(error: BaseException) -> str:
    """An error with everything that led to it, for whoever listens to `SCRIPTKIT_LOG=export`."""
    return log.block("".join(traceback.format_exception(error))) if log.is_heard(log.export) else ""


def spoken_place(found: Diagnostic) -> str:
    """`m.py:12`, or nothing."""
    return f"{Path(found.path).name}:{found.line}" if found.line else ""
