"""The page of a rule as a file, which an editor opens when somebody follows the code of a finding."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from pathlib import Path

import platformdirs

from scriptkit.checking.explaining import as_markdown
from scriptkit.replacing import replaced
from scriptkit.version import __version__


@cache
def address(name: str) -> str | None:
    """The address of the page of this rule; None where it cannot be written, or there is no such rule."""
    text = as_markdown(name)
    if not text:
        return None
    file = Path(platformdirs.user_cache_dir("scriptkit"), "rules", __version__, f"{name}.md")
    with suppress(OSError):
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            with replaced(str(file)) as stream:
                stream.write(text.encode())
        return file.as_uri()
    return None
