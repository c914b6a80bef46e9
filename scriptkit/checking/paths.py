"""Check many files: find them, read them, share them out over processes."""

from __future__ import annotations

import glob
import os
import sys
import threading
import tokenize
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from scriptkit.checking.judging import InternalError, judge_text, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scriptkit.checking.selecting import Selection
    from scriptkit.diagnostics import Diagnostic

STDIN = "-"
WORTH_A_PROCESS = 40  # files; below that, starting a process costs more than it saves


def python_files(paths: Iterable[str | os.PathLike[str]]) -> list[str]:
    """The Python files that these files, folders and globs mean; what does not exist stays, to be reported."""
    found: dict[str, None] = {}
    for path in [os.fspath(path) for path in paths]:
        if path != STDIN and Path(path).is_dir():
            found.update(dict.fromkeys(_in_folder(path)))
        elif path != STDIN and not Path(path).exists() and glob.has_magic(path):
            matches = sorted(glob.glob(path, recursive=True))  # noqa: PTH207 - a pattern may be absolute
            found.update(dict.fromkeys(python_files(matches) if matches else [path]))
        else:
            found[path] = None
    return list(found)


def _in_folder(folder: str) -> Iterator[str]:
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "__pycache__")
        for name in sorted(files):
            if name.endswith(".py"):
                yield str(Path(parent, name))


def check_files(files: list[str], selection: Selection, *, all_modules: bool) -> Iterator[list[Diagnostic]]:
    """The findings of each file, in the order of the files; what several of them call is told once."""
    told: set[tuple[str, int, int, str]] = set()
    for findings in _found_in(files, selection, all_modules=all_modules):
        places = [(os.path.abspath(one.path), one.line, one.column, one.name) for one in findings]  # noqa: PTH100 - `..` and no link is followed
        yield [one for one, place in zip(findings, places, strict=True) if place not in told]
        told.update(places)


def _found_in(files: list[str], selection: Selection, *, all_modules: bool) -> Iterator[list[Diagnostic]]:
    check = partial(check_file, selection=selection, all_modules=all_modules)
    workers = _workers(len(files))
    if workers < 2:  # noqa: PLR2004 - one worker is this process
        yield from map(check, files)
        return
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("fork")) as pool:
        yield from pool.map(check, files, chunksize=4)


def _workers(files: int) -> int:
    """How many processes to use: a fork is safe only as long as nothing runs beside it."""
    alone = threading.active_count() == 1 and "torch" not in sys.modules and hasattr(os, "fork")
    return min(os.cpu_count() or 1, files // WORTH_A_PROCESS + 1) if alone else 1


def check_file(path: str, selection: Selection, *, all_modules: bool) -> list[Diagnostic]:
    """The findings of one file; one diagnostic if it cannot be read."""
    shown = "<stdin>" if path == STDIN else path
    try:
        text = read_text(path)
    except (OSError, SyntaxError, ValueError, LookupError) as error:
        return [unreadable(shown, _reason(error))]
    return check_text(text, shown, selection, all_modules=all_modules)


def check_text(text: str, path: str, selection: Selection, *, all_modules: bool) -> list[Diagnostic]:
    """The findings of a text, which need not lie on disk; a failure of ours is one diagnostic, and raises nothing."""
    try:
        return judge_text(text, path, selection, all_modules=all_modules)
    except Exception as error:  # noqa: BLE001 - one file may not end the check of all
        return [unreadable(path, InternalError(f"{type(error).__name__}: {error}"))]


def read_text(path: str) -> str:
    """The text of a file in the encoding it declares, or of the standard input."""
    if path == STDIN:
        return sys.stdin.read()
    with tokenize.open(path) as file:
        return file.read()


def _reason(error: Exception) -> Exception:
    """An error whose text says what the user can do something about."""
    if isinstance(error, UnicodeDecodeError):
        return ValueError(f"byte {error.start} is not {error.encoding}")
    if isinstance(error, (KeyError, IndexError)):
        return InternalError(f"{type(error).__name__}: {error}")
    if isinstance(error, (UnicodeError, LookupError)):
        return ValueError(f"its coding line names none that source can have ({error})")
    return error
