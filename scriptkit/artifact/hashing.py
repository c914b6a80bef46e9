"""Hashes of tensors, made in threads of their own: a digest is made in order, and several are made at once.

`hashlib` lets other threads run while it works. On a machine of one core all of it happens in turn, as without threads.
"""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from concurrent.futures import Future

MOST_THREADS = 4


class Hasher:
    """Threads that hash: what belongs to one digest goes to one of them, in the order in which it is given."""

    def __init__(self) -> None:
        self._threads: list[ThreadPoolExecutor] = []
        self._given: list[int] = []
        self._running: list[Future[Any]] = []

    def digest(self) -> Digest:
        """A SHA-256 that is empty yet, made by the thread that was given least so far."""
        if not self._threads:
            count = min(MOST_THREADS, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2)
            self._threads = [ThreadPoolExecutor(1, thread_name_prefix="scriptkit-hash") for _ in range(count)]
            self._given = [0] * count
        return Digest(self, self._given.index(min(self._given)))

    def submit(self, thread: int, update: Any, piece: memoryview) -> None:
        """Let one of the threads do it, after all that it was given before."""
        self._given[thread] += len(piece)
        self._running.append(self._threads[thread].submit(update, piece))

    def finish(self) -> None:
        """Wait until all is done that was given; raises what a thread raised."""
        running, self._running = self._running, []
        for one in running:
            one.result()

    def close(self) -> None:
        """Let the threads go."""
        self.finish()
        for thread in self._threads:
            thread.shutdown()
        self._threads = []


class Digest:
    """One SHA-256: pieces of memory that is to stay as it is until `Hasher.finish`."""

    def __init__(self, hasher: Hasher, thread: int) -> None:
        self._hasher, self._thread = hasher, thread
        self._sha256 = hashlib.sha256()

    def update(self, piece: memoryview) -> None:
        """Add a piece, some time before `Hasher.finish` returns."""
        self._hasher.submit(self._thread, self._sha256.update, piece)

    def update_now(self, piece: memoryview) -> None:
        """Add a piece at once; nothing that was given before may be unfinished."""
        self._sha256.update(piece)

    def hexdigest(self) -> str:
        """What came out, after `Hasher.finish`."""
        return self._sha256.hexdigest()
