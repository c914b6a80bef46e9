"""Where a project keeps its settings, and where in that file one stands; nothing is imported to find out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_TABLE = re.compile(r"\s*\[\s*tool\s*\.\s*scriptkit\s*(\.\s*[\w\"'-]+\s*)*\]")


def pyproject_of(folder: Path) -> Path | None:
    """The nearest `pyproject.toml` at or above a folder, if it has settings for scriptkit."""
    for place in (folder, *folder.parents):
        path = place / "pyproject.toml"
        if path.is_file():
            return path if "tool.scriptkit" in path.read_text(encoding="utf-8", errors="replace") else None
    return None


def place_of(text: str, *words: str) -> tuple[int, int]:
    """The line and column of the last of these words in the tables of scriptkit, each looked for after the one before.

    Where a word stands is found by its spelling; where it is not found, the place of the one before it, or the table.
    """
    place = (1, 1)
    lines = text.splitlines()
    table = next((number for number, line in enumerate(lines) if _TABLE.match(line)), None)
    if table is None:
        return place
    place = (table + 1, lines[table].index("[") + 1)
    number, column = table, 0
    for word in words:
        found = _next(lines, number, column, word)
        if found is not None:
            number, column = found
            place = (number + 1, column + 1)
    return place


def _next(lines: list[str], number: int, column: int, word: str) -> tuple[int, int] | None:
    """Where a word stands next, as a whole word, outside of comments and of other tables."""
    pattern = re.compile(rf"(?<![\w-]){re.escape(word)}(?![\w-])")
    is_ours = True
    for at in range(number, len(lines)):
        line = lines[at]
        if line.startswith("["):
            is_ours = _TABLE.match(line) is not None
        found = pattern.search(line.partition(" #")[0], column if at == number else 0) if is_ours else None
        if found is not None:
            return at, found.start()
    return None
