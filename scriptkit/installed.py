"""Which torch this Python would import; nothing is imported to find out."""

from __future__ import annotations

import importlib.util
import re
import sys
from functools import cache
from pathlib import Path


def installed_torch() -> str | None:
    """The version of the installed torch, as `2.13.0+cpu`; None where there is none."""
    loaded = getattr(sys.modules.get("torch"), "__version__", None)
    return _on_disk() if loaded is None else str(loaded)


@cache
def _on_disk() -> str | None:
    try:
        spec = importlib.util.find_spec("torch")
        text = Path(spec.origin).with_name("version.py").read_text(encoding="utf-8") if spec and spec.origin else ""
    except (ImportError, OSError, ValueError):
        return None
    found = re.search(r"^__version__ = ['\"](.+?)['\"]", text, re.MULTILINE)
    return found[1] if found else None
