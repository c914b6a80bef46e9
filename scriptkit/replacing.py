"""Put a file in the place of another in one step: a reader sees the old one or the new one, never a half.

Symbolic links are followed: a link stays a link, its target is replaced. What is no file is never replaced. The file
being written is locked as long as its writer lives, so what a killed one left behind is told apart, and removed by the
next that writes into the folder.
"""

from __future__ import annotations

import os
import secrets
import stat
import warnings
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from scriptkit.errors import ScriptkitWarning

if TYPE_CHECKING:
    from collections.abc import Iterator

try:
    import fcntl
except ImportError:  # Windows: an open file cannot be removed there
    fcntl = None  # type: ignore[assignment]

_SUFFIX = ".scriptkit-part"
_MOST_BYTES = 200
"""How much of a name goes into that of its part: file systems take 255 bytes."""
_TRIES = 20
_KINDS = (
    (stat.S_ISDIR, "it is a folder"),
    (stat.S_ISFIFO, "it is a named pipe"),
    (stat.S_ISCHR, "it is a device"),
    (stat.S_ISBLK, "it is a device"),
    (stat.S_ISSOCK, "it is a socket"),
)


def what_it_is(mode: int) -> str:
    """Why something that is no regular file is none to read or to replace; nothing for a regular file."""
    return next((word for is_kind, word in _KINDS if is_kind(mode)), "" if stat.S_ISREG(mode) else "it is no file")


@contextmanager
def replaced(path: str, *, stacklevel: int = 2) -> Iterator[BinaryIO]:
    """A stream whose contents take the place of the file when the block ends well; raises OSError, in words.

    Warns of other names of the file (hard links), which keep the old contents.
    """
    target = Path(os.path.realpath(path))
    old = _old(target)
    if old is not None and old.st_nlink > 1:
        message = f"`{path}` has {old.st_nlink} names (hard links); the others keep the old contents"
        warnings.warn(message, ScriptkitWarning, stacklevel=stacklevel + 2)
    _remove_abandoned(target.parent)
    handle, part = _new_part(target)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            _take_over(part, old)
            os.fsync(stream.fileno())
            part.replace(target)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
    _sync_folder(target.parent)


def _old(target: Path) -> os.stat_result | None:
    """What lies at the target now; raises OSError where it is nothing to replace."""
    try:
        found = target.stat()
    except FileNotFoundError:
        return None
    why = what_it_is(found.st_mode)
    if why:
        raise OSError(22, why)
    if not os.access(target, os.W_OK):
        raise PermissionError(13, "it is read-only")
    return found


def _new_part(target: Path) -> tuple[int, Path]:
    """A new file beside the target, locked by this process."""
    short = os.fsdecode(os.fsencode(target.name)[:_MOST_BYTES])
    for _ in range(_TRIES):
        part = target.with_name(f".{short}.{secrets.token_hex(6)}{_SUFFIX}")
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
        handle = os.open(part, flags, 0o600)
        if _lock(handle) and os.fstat(handle).st_nlink:
            return handle, part
        os.close(handle)  # another process took it for abandoned before it was locked
    raise OSError(11, "another process removes what is being written beside it")


def _lock(handle: int) -> bool:
    if fcntl is None:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


def _remove_abandoned(folder: Path) -> None:
    """Remove what processes that are no more were writing into the folder."""
    if fcntl is None:
        return
    with suppress(OSError):
        for part in [entry.path for entry in os.scandir(folder) if entry.name.endswith(_SUFFIX)]:
            with suppress(OSError):
                _remove_if_abandoned(part)


def _remove_if_abandoned(part: str) -> None:
    handle = os.open(part, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        Path(part).unlink()
    finally:
        os.close(handle)


def _take_over(part: Path, old: os.stat_result | None) -> None:
    """Give the new file the owner and the permissions of the old one, or those a new file would get."""
    if old is None:
        mask = os.umask(0)
        os.umask(mask)
        part.chmod(0o666 & ~mask)
        return
    if hasattr(os, "chown"):
        with suppress(OSError):
            os.chown(part, old.st_uid, old.st_gid)
    part.chmod(old.st_mode & 0o777)


def _sync_folder(folder: Path) -> None:
    """Make the new name durable too, where folders can be synced."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
