"""Which file may be meant by a path that leads nowhere."""

from __future__ import annotations

import difflib
import os
from pathlib import Path


def near_path(path: str) -> str:
    """A path like this one that exists, or nothing: the part that is mistyped is looked for in its folder."""
    wanted, missing = Path(path), []
    while not wanted.exists():
        if not wanted.name:
            return ""
        missing.append(wanted.name)
        wanted = wanted.parent
    for name in reversed(missing):
        try:
            found = difflib.get_close_matches(name, os.listdir(wanted), 1)  # noqa: PTH208 - names are compared
        except OSError:
            return ""
        if not found:
            return ""
        wanted /= found[0]
    return str(wanted)
