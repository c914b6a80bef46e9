"""Verdicts remembered between processes: the findings of a text, kept under a hash of all that they depend on.

That is the text, every file that judges, the torch that is judged for, and the Python that parses.

A file of the cache is written whole and renamed, so that no process reads half of one. What cannot be read or written
is done without: the text is then judged again.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scriptkit.diagnostics import Diagnostic, Label
from scriptkit.language import versions
from scriptkit.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_FILES = 2000
ROOMS = ("language", "rules", "checking")

Verdicts = dict[str, list[Diagnostic]]  # by qualified name of the class


def load(text: str) -> Verdicts | None:
    """The verdicts on this text, if an engine like this one has judged it."""
    try:
        stored = json.loads(_file(text).read_text())
        return {name: [_diagnostic(fields) for fields in found] for name, found in stored.items()}
    except (OSError, ValueError, TypeError, KeyError):
        return None


def store(text: str, verdicts: Verdicts) -> None:
    """Keep the verdicts on this text."""
    target = _file(text)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _forget_oldest(target.parent)
        handle, temporary = tempfile.mkstemp(dir=target.parent, suffix=".part")
        with os.fdopen(handle, "w") as file:
            json.dump({name: [asdict(d) for d in found] for name, found in verdicts.items()}, file)
        Path(temporary).replace(target)
    except OSError:
        return


def _file(text: str) -> Path:
    depends_on = (engine(), versions.judged(), sys.version_info[:2], text)
    digest = hashlib.sha256("\0".join(map(str, depends_on)).encode(errors="replace")).hexdigest()
    return _folder() / f"{digest[:40]}.json"


@cache
def _folder() -> Path:
    """Where verdicts are kept: `SCRIPTKIT_CACHE`, else the user's cache folder of the operating system."""
    chosen = os.environ.get("SCRIPTKIT_CACHE")
    if chosen:
        return Path(chosen)
    import platformdirs

    return Path(platformdirs.user_cache_dir("scriptkit"), "verdicts")


@cache
def engine() -> str:
    """The version, and the state of every file that judges: `pip install --upgrade` and an edit change it."""
    package = Path(__file__).parent.parent
    states = sorted(
        (entry.path, entry.stat().st_size, entry.stat().st_mtime_ns)
        for room in ROOMS
        for entry in _files(package / room)
    )
    return hashlib.sha256(repr((__version__, states)).encode()).hexdigest()


def _files(folder: Path | str) -> Iterator[os.DirEntry[str]]:
    for entry in os.scandir(folder):
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _files(entry.path)
        else:
            yield entry


def _forget_oldest(folder: Path) -> None:
    files = [entry for entry in os.scandir(folder) if entry.is_file()]
    if len(files) > MOST_FILES:
        for entry in sorted(files, key=lambda entry: entry.stat().st_mtime)[: MOST_FILES // 2]:
            Path(entry.path).unlink(missing_ok=True)


def _diagnostic(fields: dict[str, Any]) -> Diagnostic:
    secondary = tuple(Label(**label) for label in fields.pop("secondary"))
    return Diagnostic(**fields, secondary=secondary)
