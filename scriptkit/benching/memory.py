"""How much memory a form needs: how far the process grew, at most, while it was made and called for the first time.

The kernel keeps the highest figure there was since it was last told to forget it; only Linux does both.
"""

from __future__ import annotations

import gc
from pathlib import Path

_STATUS, _FORGET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_FORGET_HIGHEST = "5"


class Growth:
    """The growth of the process since this was made."""

    def __init__(self) -> None:
        gc.collect()
        try:
            _FORGET.write_text(_FORGET_HIGHEST, encoding="ascii")
            self._before: int | None = _figure("VmRSS")
        except OSError:
            self._before = None

    def most(self) -> int | None:
        """In bytes, at most; None where the system does not tell."""
        return None if self._before is None else max(0, _figure("VmHWM") - self._before)


def _figure(name: str) -> int:
    lines = _STATUS.read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) << 10
