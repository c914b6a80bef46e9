"""What `load` reads from: a file that is one, or the bytes of a stream."""

from __future__ import annotations

import io
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO

from scriptkit.errors import ArtifactError
from scriptkit.replacing import what_it_is

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def opened(path_or_file: Any) -> Iterator[BinaryIO]:
    """A stream that can be read at any place, for a path or for a binary file open for reading."""
    if isinstance(path_or_file, (str, os.PathLike)):
        with _opened_path(text_path(path_or_file)) as stream:
            yield stream
    else:
        with io.BytesIO(_all_of(path_or_file)) as stream:
            yield stream


def text_path(path: str | os.PathLike[str]) -> str:
    """The path as text; raises ArtifactError for one that no file system has."""
    text = os.fspath(path)
    if not isinstance(text, str):
        message = f"a path is text or a `pathlib.Path`, not {type(text).__name__}; `os.fsdecode` makes text of bytes"
        raise ArtifactError(message)
    if not text:
        raise ArtifactError("the path is empty")
    if "\0" in text:
        raise ArtifactError(f"`{text!r}` is no path: it has a zero character in it")
    return text


def _opened_path(path: str) -> BinaryIO:
    # without waiting: opening a named pipe would wait for its other end
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(path, flags)
    except (OSError, UnicodeError) as error:
        raise _unreadable(path, getattr(error, "strerror", None) or str(error)) from error
    why = what_it_is(os.fstat(handle).st_mode)
    if why:
        os.close(handle)
        raise _unreadable(path, why)
    return os.fdopen(handle, "rb", buffering=0)  # every read goes where it is said


def _unreadable(path: str, why: str) -> ArtifactError:
    return ArtifactError(f"`{path}` cannot be read: {why}")


def _all_of(file: Any) -> bytes:
    """Everything a stream still has."""
    read = getattr(file, "read", None)
    if not callable(read):
        kind = type(file).__name__
        hint = "; wrap the contents of a file in `io.BytesIO`" if isinstance(file, (bytes, bytearray)) else ""
        raise ArtifactError(f"a model is loaded from a path or from a binary file open for reading, not {kind}{hint}")
    try:
        data = read()
    except (OSError, ValueError) as error:  # a closed file is a ValueError
        raise ArtifactError(f"the file cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise ArtifactError(f"the file gives {type(data).__name__}, not bytes; open it in binary mode")
    return bytes(data)
