"""Ways to run everything as ordinary Python: for a block, for a process."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Local(threading.local):
    eager = False


local = _Local()
blocks: list[None] = []
"""One entry for each `eager()` block that is open in any thread: cheaper to ask than a thread's own state."""


def is_disabled() -> bool:
    """Whether this process compiles nothing: `SCRIPTKIT_DISABLE=1`, or torch's own `PYTORCH_JIT=0`."""
    return os.environ.get("SCRIPTKIT_DISABLE") == "1" or os.environ.get("PYTORCH_JIT") == "0"


def is_eager() -> bool:
    """Whether this thread is inside `eager()`."""
    return local.eager


@contextlib.contextmanager
def eager() -> Iterator[None]:
    """Run every scriptable module called in this block and thread as the Python it was written in."""
    before = local.eager
    blocks.append(None)
    local.eager = True
    try:
        yield
    finally:
        local.eager = before
        blocks.pop()
