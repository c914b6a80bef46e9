"""The files that mypy checks, read and parsed once for everything here that looks at their text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from scriptkit.language.parsing import syntax_tree

if TYPE_CHECKING:
    import ast


@dataclass(frozen=True, eq=False)
class Source:
    """The text of a file and its syntax tree."""

    text: str
    tree: ast.Module


def source_of(path: str) -> Source | None:
    """A file as it is now; None where it cannot be read or parsed, which mypy says itself."""
    try:
        stat = Path(path).stat()
        return _read(path, stat.st_mtime_ns, stat.st_size)
    except (OSError, SyntaxError, ValueError):
        return None


@lru_cache(maxsize=8)
def _read(path: str, modified: int, size: int) -> Source:
    del modified, size
    from scriptkit.checking.paths import read_text

    text = read_text(path)
    return Source(text, syntax_tree(text, path))
