"""What makes a finding the same one after its lines have moved: the file, the class, the words, and the line's text."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scriptkit.diagnostics import Diagnostic


class Mark(NamedTuple):
    """A finding without its place; `source` is its line, stripped of what moving it into a block would change."""

    path: str
    name: str
    class_name: str
    method: str
    message: str
    source: str

    def without_source(self) -> Mark:
        """The same finding on a line that was edited."""
        return self._replace(source="")


def marks(found: Sequence[Diagnostic], folder: Path, source_of: Callable[[str], str | None]) -> list[Mark]:
    """The mark of each finding; paths are relative to a folder."""
    lines = {path: (source_of(path) or "").splitlines() for path in {finding.path for finding in found}}
    return [_mark(finding, folder, lines[finding.path]) for finding in found]


def _mark(finding: Diagnostic, folder: Path, lines: list[str]) -> Mark:
    line = lines[finding.line - 1].strip() if 0 < finding.line <= len(lines) else ""
    path = relative(finding.path, folder)
    return Mark(path, finding.name, finding.class_name, finding.method, finding.message, line)


def relative(path: str, folder: Path) -> str:
    """A path as seen from a folder, with `/`."""
    return path if path.startswith("<") else Path(os.path.relpath(path, folder)).as_posix()


def fingerprints(found: Sequence[Diagnostic], folder: Path, source_of: Callable[[str], str | None]) -> list[str]:
    """A word for each finding that stays the same when lines move; two equal findings have different words."""
    seen: Counter[Mark] = Counter()
    words = []
    for mark in marks(found, folder, source_of):
        seen[mark] += 1
        words.append(hashlib.sha256("\0".join((*mark, str(seen[mark]))).encode(errors="replace")).hexdigest()[:40])
    return words
