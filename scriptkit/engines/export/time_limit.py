"""A limit on how long a block may run, in any thread."""

from __future__ import annotations

import ctypes
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Expired(BaseException):
    """Raised in the thread whose time is over."""


class TimeLimitError(TimeoutError):
    """A block ran longer than it may."""


@contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Raise TimeLimitError in this thread when the block has run that long; None sets no limit.

    Python code is stopped at its next line; one long call into C++ ends first.
    """
    if seconds is None:
        yield
        return
    lock, thread = threading.Lock(), threading.get_ident()
    state = {"ended": False, "expired": False}

    def expire() -> None:
        with lock:
            if not state["ended"]:
                state["expired"] = True
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(_Expired))

    timer = threading.Timer(seconds, expire)
    timer.daemon = True
    timer.start()
    try:
        yield
    except _Expired:
        raise TimeLimitError(f"it took longer than {seconds:g} s") from None
    finally:
        with lock:
            state["ended"] = True
        timer.cancel()
