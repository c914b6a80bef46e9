"""Where a project keeps its settings; nothing is read or imported to find out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def pyproject_of(folder: Path) -> Path | None:
    """The nearest `pyproject.toml` at or above a folder, if it has settings for scriptkit."""
    for place in (folder, *folder.parents):
        path = place / "pyproject.toml"
        if path.is_file():
            return path if "tool.scriptkit" in path.read_text(encoding="utf-8", errors="replace") else None
    return None
