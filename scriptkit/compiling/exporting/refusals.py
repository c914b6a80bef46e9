"""Why something cannot be exported, in the user's words and at the user's line."""

from __future__ import annotations

import linecache
import re
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from scriptkit.compiling.exporting.rewriting import program
from scriptkit.diagnostics import Diagnostic
from scriptkit.engines.export import torch_names
from scriptkit.engines.export.run_values import NotCarriedError
from scriptkit.engines.export.torch_names import Place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

CODE, NAME = "SK960", "export-refused"
_SYMPY = Path(torch.__path__[0]).parent / "sympy"
_PACKAGES = tuple(f"{folder}/" for folder in (*torch.__path__, _SYMPY, Path(__file__).parents[2]))
_PYTHON = sysconfig.get_paths()["stdlib"] + "/"
_INSTALLED = "/site-packages/"
_WORDS = (
    ("Dynamo|Unsupported", "torch.export cannot follow this Python"),
    ("ConstraintViolation", "torch.export cannot derive which sizes are allowed"),
    ("no operator|NotImplementedError", "an operator has no form for torch.export"),
)


def is_foreign(path: str) -> bool:
    """Whether a file is no line of the model: torch, scriptkit, Python itself, or code without a file."""
    if path.startswith("<"):
        return not path.startswith("<ipython")
    return path.startswith(_PACKAGES) or (path.startswith(_PYTHON) and _INSTALLED not in path)


def place_of(path: str, line: int) -> Place | None:
    """The line of the model that a line of code is, None where it is none."""
    return program.place_of(path, line) or (None if is_foreign(path) else Place(path, line))


def diagnostic(error: BaseException, class_name: str, method: str) -> Diagnostic:
    """One failure of an export: what, where, and the way out."""
    place = next(iter(reversed(list(_places(error.__traceback__)))), Place("", 0))
    return diagnostic_at(place, *_said(error), class_name=class_name, method=method)


def diagnostic_at(place: Place, message: str, help_: str, *, class_name: str, method: str) -> Diagnostic:
    """One finding at a line."""
    path, line = place.path, place.line
    text = linecache.getline(path, line) if line else ""
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


def _said(error: BaseException) -> tuple[str, str]:
    if torch_names.is_data_dependent(error):
        return (
            "Python needs a value here that only a run of the program knows",
            "write it with `torch.where` or `torch.cond`, or keep the value a tensor",
        )
    if isinstance(error, NotCarriedError):
        return str(error), error.way_out
    first = headline(error)
    for pattern, words in _WORDS:
        if re.search(pattern, f"{type(error).__name__}: {first}"):
            return words, ""
    return first, ""


def headline(error: BaseException) -> str:
    """The first line of an error that says something."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if isinstance(error, NotCarriedError):
        return str(error)
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__


def _places(trace: TracebackType | None) -> Iterator[Place]:
    """The lines of the model that led to an error, the outermost first."""
    while trace is not None:
        place = place_of(trace.tb_frame.f_code.co_filename, trace.tb_lineno)
        if place is not None:
            yield place
        trace = trace.tb_next


def spoken_place(found: Diagnostic) -> str:
    """`m.py:12`, or nothing."""
    return f"{Path(found.path).name}:{found.line}" if found.line else ""
