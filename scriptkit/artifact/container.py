"""The container: an ordinary TorchScript zip file, which for given entries has exactly one byte form.

Every entry is stored (never compressed) and begins at a multiple of 64 bytes, the times are fixed, and nothing lies
between the entries or after the directory. So the reader can say of every byte of a file what it must be: the headers
are written a second time and compared, the contents are checked against the manifest.
"""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from scriptkit.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ROOT = "archive/"
ALIGNMENT = 64
VERSION_ENTRIES = (".data/version", "version")
"""Where torch writes the number of the file format: the first since formats of 6 and more."""
CHUNK = 1 << 20
UNREADABLE = (
    zipfile.BadZipFile,
    OSError,
    ValueError,  # of numbers and of names
    struct.error,
    NotImplementedError,
    EOFError,
    IndexError,
    OverflowError,
    MemoryError,
    zlib.error,
)
"""What Python's zip reader raises for a file that is none, or is damaged."""

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_ZIP64_END = struct.Struct("<4sQ2H2L4Q")
_ZIP64_LOCATOR = struct.Struct("<4sLQL")
_FULL_16, _FULL_32 = 0xFFFF, 0xFFFFFFFF
_UTF8_NAMES = 0x800
_FIRST_OF_JANUARY_1980 = 0x21
_VERSION, _VERSION_ZIP64 = 20, 45
_ZIP64_EXTRA, _PADDING_EXTRA = 1, 0x4246


class Entry(NamedTuple):
    """What the directory says of one entry; `start` is where its contents begin."""

    name: str
    size: int
    crc: int
    header: int
    start: int


def write_container(stream: BinaryIO, contents: Iterable[tuple[str, bytes]]) -> None:
    """Write the entries, in the order given, from the position 0 of `stream` on."""
    position = 0
    entries: list[Entry] = []
    for name, data in contents:
        crc = zlib.crc32(data)
        header = local_header(name, len(data), crc, position)
        entries.append(Entry(name, len(data), crc, position, position + len(header)))
        stream.write(header)
        stream.write(data)
        position += len(header) + len(data)
    stream.write(directory(entries, position))


def container_bytes(contents: Mapping[str, bytes]) -> bytes:
    """The container of these entries."""
    stream = io.BytesIO()
    write_container(stream, contents.items())
    return stream.getvalue()


class Container:
    """A container open for reading, its layout already proven to be the one `write_container` writes."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.entries = {entry.name: entry for entry in _read_directory(stream)}
        _compare_layout(stream, list(self.entries.values()))

    def chunks(self, name: str) -> Iterator[bytes]:
        """The contents of one entry in pieces; raises at the end when they do not fit their checksum."""
        entry = self.entries[name]
        self._stream.seek(entry.start)
        left, crc = entry.size, 0
        while left:
            chunk = self._stream.read(min(left, CHUNK))
            if not chunk:
                break
            left -= len(chunk)
            crc = zlib.crc32(chunk, crc)
            yield chunk
        if left or crc != entry.crc:
            message = f"`{name}` is damaged: its contents do not match the checksum stored with them"
            raise ArtifactError(message)

    def read(self, name: str) -> bytes:
        """The contents of one entry."""
        return b"".join(self.chunks(name))

    def sha256(self, name: str) -> str:
        """The SHA-256 of the contents of one entry, in hexadecimal digits."""
        digest = hashlib.sha256()
        for chunk in self.chunks(name):
            digest.update(chunk)
        return digest.hexdigest()


def _read_directory(stream: BinaryIO) -> Iterator[Entry]:
    try:
        with zipfile.ZipFile(stream) as archive:
            infos = archive.infolist()
    except UNREADABLE as error:
        message = f"the file is truncated or is no TorchScript file: {error}"
        raise ArtifactError(message) from error
    seen: set[str] = set()
    position = 0
    for info in infos:
        name = info.filename.removeprefix(ROOT)
        if not info.filename.startswith(ROOT) or name in seen:
            message = f"the entry `{info.filename}` is present twice or lies outside `{ROOT}`"
            raise ArtifactError(message)
        if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
            message = f"the entry `{name}` is compressed to {info.compress_size} of {info.file_size} bytes; none may be"
            raise ArtifactError(message)
        seen.add(name)
        start = position + len(local_header(name, info.file_size, info.CRC, position))
        yield Entry(name, info.file_size, info.CRC, position, start)
        position = start + info.file_size


def _compare_layout(stream: BinaryIO, entries: list[Entry]) -> None:
    """Raise unless every byte outside the contents is the one `write_container` writes."""
    for entry in entries:
        expected = local_header(entry.name, entry.size, entry.crc, entry.header)
        stream.seek(entry.header)
        if stream.read(len(expected)) != expected:
            message = f"the header of `{entry.name}` was changed, or an entry before it was removed, added or moved"
            raise ArtifactError(message)
    end = entries[-1].start + entries[-1].size if entries else 0
    expected = directory(entries, end)
    stream.seek(end)
    found = stream.read(len(expected) + 1)
    if found != expected:
        message = "bytes were added after the end" if found.startswith(expected) else "its directory was changed"
        raise ArtifactError(message)


def local_header(name: str, size: int, crc: int, position: int) -> bytes:
    """What stands before the contents, padded so that they begin at a multiple of the alignment."""
    raw_name = (ROOT + name).encode()
    large = _is_large(size)
    extra = struct.pack("<2H2Q", _ZIP64_EXTRA, 16, size, size) if large else b""
    unpadded = position + _LOCAL.size + len(raw_name) + len(extra) + 4
    extra += struct.pack("<2H", _PADDING_EXTRA, -unpadded % ALIGNMENT) + bytes(-unpadded % ALIGNMENT)
    shown = _shown(size)
    version = _VERSION_ZIP64 if large else _VERSION
    fields = (version, _UTF8_NAMES, 0, 0, _FIRST_OF_JANUARY_1980, crc, shown, shown, len(raw_name), len(extra))
    return _LOCAL.pack(b"PK\3\4", *fields) + raw_name + extra


def directory(entries: list[Entry], start: int) -> bytes:
    """What stands after the last entry, which ends at `start`."""
    records = b"".join(map(_central_record, entries))
    count, size = len(entries), len(records)
    zip64 = b""
    if count >= _FULL_16 or _is_large(start) or _is_large(size):
        end = _ZIP64_END.pack(b"PK\6\6", 44, _VERSION_ZIP64, _VERSION_ZIP64, 0, 0, count, count, size, start)
        zip64 = end + _ZIP64_LOCATOR.pack(b"PK\6\7", 0, start + size, 1)
    short_count = min(count, _FULL_16)
    last = _END.pack(b"PK\5\6", 0, 0, short_count, short_count, _shown(size), _shown(start), 0)
    return records + zip64 + last


def _central_record(entry: Entry) -> bytes:
    raw_name = (ROOT + entry.name).encode()
    large, far = _is_large(entry.size), _is_large(entry.header)
    values = [entry.size, entry.size] * large + [entry.header] * far
    extra = struct.pack(f"<2H{len(values)}Q", _ZIP64_EXTRA, 8 * len(values), *values) if values else b""
    shown = _shown(entry.size)
    version = _VERSION_ZIP64 if values else _VERSION
    fields = (version, version, _UTF8_NAMES, 0, 0, _FIRST_OF_JANUARY_1980, entry.crc, shown, shown)
    tail = (len(raw_name), len(extra), 0, 0, 0, 0, _shown(entry.header))
    return _CENTRAL.pack(b"PK\1\2", *fields, *tail) + raw_name + extra


def _is_large(number: int) -> bool:
    return number >= _FULL_32


def _shown(number: int) -> int:
    """What stands in a field of four bytes; all ones say that the number is in the large form."""
    return _FULL_32 if _is_large(number) else number
