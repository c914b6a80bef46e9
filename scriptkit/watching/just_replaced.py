"""Values that compiled code of another thread may be reading while they are replaced.

Compiled code reads an attribute and takes a reference to it in two steps. Who replaces the attribute in between lets go
of what it was, and the other thread computes with memory that is somebody else's by then.
"""

from __future__ import annotations

import copy
import time
from collections import deque
from typing import Any, Final

import torch

_READ_BY_THEN: Final = 5.0
"""Seconds after which a thread that was about to read a value has read it."""


class JustReplaced:
    """Keeps what was replaced for a while."""

    def __init__(self) -> None:
        self._kept: deque[tuple[float, Any]] = deque()

    def keep(self, value: Any, holder: Any, *, others_run: bool) -> None:
        """Keep a value that `holder`, a C++ module, is about to replace, where other threads run what may read it.

        A tensor is the same object on both sides; of a list, a dictionary or a text C++ has its own, which only a
        shallow copy of the holder keeps. Those of a while ago are let go of.
        """
        now = time.monotonic()
        while self._kept and now - self._kept[0][0] > _READ_BY_THEN:
            self._kept.popleft()
        if others_run:
            self._kept.append((now, value if isinstance(value, torch.Tensor) else copy.copy(holder)))
