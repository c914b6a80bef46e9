"""What torch writes of a module: entries in memory, the elements of tensors as views of the memory they have anyway.

A first pass keeps everything but the large tensors, and costs nothing; in a second the elements of each tensor pass by
once more, to be written and hashed on the way.
"""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from bisect import bisect_right
from typing import TYPE_CHECKING, Any, NamedTuple

from scriptkit.artifact.positioned_file import PositionedFile
from scriptkit.engines.torchscript.engine import files
from scriptkit.errors import ArtifactError

if TYPE_CHECKING:
    import io
    from collections.abc import Callable, Mapping

    import torch

LARGE = 1 << 16
"""Tensors of so many bytes are not kept in memory a second time."""
_SUFFIX = ".storage"
_LOCAL = struct.Struct("<26x2H")
_BEGINNING, _TENSORS, _CODE, _PICKLES = b"PK\3\4", ".data/", ".data/ts_code/", ".data/ts_code/0/"


class Elements(NamedTuple):
    """The elements of a large tensor: how many bytes, and where they pass by when torch writes the module."""

    size: int
    offset: int


class Records(NamedTuple):
    """The entries torch wrote, under their names in a file; elements of tensors by the key pickles have for them."""

    small: dict[str, bytes]
    tensors: dict[str, bytes | Elements]


def records(module: torch.jit.ScriptModule, *, keep_tensors: bool = False) -> Records:
    """The entries of a module, as torch writes them."""
    sink = _Pieces(keep_tensors=keep_tensors)
    files.write_records(module, sink)
    small: dict[str, bytes] = {}
    tensors: dict[str, bytes | Elements] = {}
    with zipfile.ZipFile(sink) as archive:
        for info in archive.infolist():
            name = info.filename.partition("/")[2]
            if name.endswith(_SUFFIX) and name.startswith(_TENSORS):
                dropped = sink.dropped.get(info.header_offset)
                tensors[name.removeprefix(_TENSORS)] = sink.contents(info) if dropped is None else dropped
            else:
                small[name.removeprefix(_PICKLES).removeprefix(_CODE)] = sink.contents(info)
    return Records(small, tensors)


def pass_elements(
    module: torch.jit.ScriptModule, wanted: Mapping[int, Any], take: Callable[[Any, memoryview], None]
) -> None:
    """Give the elements of large tensors to `take`, each with what is wanted at its offset."""
    sink = _Passing(wanted, take)
    files.write_records(module, sink)
    if sink.left:
        raise ArtifactError("the module was changed while it was being saved; save it again")


class _Pieces(PositionedFile):
    """A file that keeps what torch writes, except large tensors, and reads as zeros where it kept nothing."""

    def __init__(self, *, keep_tensors: bool) -> None:
        super().__init__()
        self.dropped: dict[int, Elements] = {}
        self._keeps = keep_tensors
        self._pieces: list[bytes] = []
        self._starts: list[int] = []
        self._size = self._position = self._header = 0
        self._is_tensor = False

    def write(self, data: Any) -> int:
        """Keep a piece, or note that it passed by."""
        view = memoryview(data).cast("B")
        count = len(view)
        is_header = count == _LOCAL.size and view[:4] == _BEGINNING
        if is_header:
            self._header, self._is_tensor = self._size, False
        if self._is_tensor and count >= LARGE and not self._keeps:
            self.dropped[self._header] = Elements(count, self._size)
        else:
            piece = bytes(view)
            self._starts.append(self._size)
            self._pieces.append(piece)
            self._is_tensor = self._is_tensor or piece.endswith(_SUFFIX.encode())
        self._size += count
        return count

    def contents(self, info: zipfile.ZipInfo) -> bytes:
        """The contents of one entry; without its checksum, which torch was told not to make."""
        self.seek(info.header_offset)
        names = _LOCAL.unpack(self.read(_LOCAL.size))
        self.seek(sum(names), os.SEEK_CUR)
        raw = _fully(self, info.compress_size)
        return raw if info.compress_type == zipfile.ZIP_STORED else zlib.decompress(raw, -zlib.MAX_WBITS)

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer from one piece."""
        number = bisect_right(self._starts, self._position) - 1
        piece, begin = self._pieces[number], self._position - self._starts[number]
        found = piece[begin : begin + len(buffer)]
        buffer[: len(found)] = found
        self._position += len(found)
        return len(found)


def _fully(stream: io.RawIOBase, size: int) -> bytes:
    pieces = []
    while size:
        pieces.append(stream.read(size) or b"")
        size -= len(pieces[-1])
    return b"".join(pieces)


class _Passing:
    """A file that keeps nothing, and hands on what is written at certain offsets."""

    def __init__(self, wanted: Mapping[int, Any], take: Callable[[Any, memoryview], None]) -> None:
        self.left = dict(wanted)
        self._take = take
        self._size = 0

    def write(self, data: Any) -> int:
        """Hand on a piece, where it is wanted."""
        view = memoryview(data).cast("B")
        wanted = self.left.pop(self._size, None)
        if wanted is not None:
            self._take(wanted, view)
        self._size += len(view)
        return len(view)
