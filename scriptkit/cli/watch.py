"""`scriptkit check --watch`: check again what changes, until somebody stops it."""

from __future__ import annotations

import linecache
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PAUSE = 0.3  # seconds between two looks
State = tuple[int, int, int]


def watch(files: Callable[[], Iterable[str]], changed: Callable[[list[str]], None]) -> None:
    """Call `changed` with the files that are new, changed or gone, at first with all; ends at `KeyboardInterrupt`."""
    before: dict[str, State] = {}
    first = True
    with suppress(KeyboardInterrupt):
        while True:
            now = {path: _state(path) for path in files()}
            different = [path for path in {**before, **now} if before.get(path) != now.get(path)]
            if different or first:
                linecache.checkcache()
                changed(different)
            before, first = now, False
            time.sleep(PAUSE)


def _state(path: str) -> State:
    """What changes when a file is written, also where its size and time do not."""
    try:
        found = Path(path).stat()
    except OSError:
        return (-1, -1, -1)
    return (found.st_mtime_ns, found.st_size, found.st_ino)
