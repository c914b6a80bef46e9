"""Values that compiled code of another thread may be reading while they are replaced."""

from __future__ import annotations

import time
from collections import deque
from typing import Any, Final

_READ_BY_THEN: Final = 5.0
"""Seconds after which a thread that was about to read a value has read it."""


class JustReplaced:
    """Keeps what was replaced for a while: compiled code takes no reference while it reads."""

    def __init__(self) -> None:
        self._kept: deque[tuple[float, Any]] = deque()

    def keep(self, value: Any, *, others_run: bool) -> None:
        """Keep a value that is being replaced, where other threads run what may read it; let go of those before."""
        now = time.monotonic()
        while self._kept and now - self._kept[0][0] > _READ_BY_THEN:
            self._kept.popleft()
        if others_run:
            self._kept.append((now, value))
