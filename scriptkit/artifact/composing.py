"""The bytes of a model file, composed in one sweep: tensors go from their memory to their place, and are hashed there.

The places follow from the sizes. The header of a tensor has a checksum in it, so it is written after its tensor; the
manifest has all hashes in it, so it comes last.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import tempfile
import zlib
from typing import TYPE_CHECKING, BinaryIO

from scriptkit.artifact.container import CHUNK, Entry, directory, local_header
from scriptkit.artifact.entry_names import SIGNATURE_ENTRY
from scriptkit.artifact.hashing import Hasher
from scriptkit.artifact.manifest import MANIFEST_ENTRY
from scriptkit.artifact.records import Elements, pass_elements
from scriptkit.artifact.signing import signature

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scriptkit.artifact.contents import CanonicalModel

    ManifestOf = Callable[[Mapping[str, str]], bytes]


def compose(model: CanonicalModel, stream: BinaryIO, manifest_of: ManifestOf, *, sign_with: object = None) -> None:
    """Write the file of a model to a stream, from where it stands; `manifest_of` makes the manifest of checksums."""
    if _goes_back(stream):
        _Composer(model, stream).write(manifest_of, sign_with)
        return
    with tempfile.TemporaryFile() as beside:
        _Composer(model, beside).write(manifest_of, sign_with)
        beside.seek(0)
        shutil.copyfileobj(beside, stream, CHUNK)


def _goes_back(stream: BinaryIO) -> bool:
    """Whether one may write before the end of what was written: not to a pipe, nor to a file opened for appending."""
    if isinstance(stream, io.BytesIO):
        return True
    mode = getattr(stream, "mode", "")
    seekable = getattr(stream, "seekable", None)
    return (
        isinstance(mode, str) and mode in ("wb", "wb+", "rb+", "xb", "xb+") and callable(seekable) and bool(seekable())
    )


class _Composer:
    def __init__(self, model: CanonicalModel, stream: BinaryIO) -> None:
        self.model, self.stream = model, stream
        self.base = stream.tell()
        self.entries: list[Entry] = []
        self.checksums: dict[str, str] = {}
        self.hasher = Hasher()
        self.end = 0

    def write(self, manifest_of: ManifestOf, sign_with: object) -> None:
        places = {}
        for name, data in self.model.contents.items():
            if isinstance(data, Elements):
                places[data.offset] = (name, self._reserve(name, data.size))
            else:
                self._append(name, data)
        if places:
            try:
                pass_elements(self.model.source, places, self._take)
            finally:
                self.hasher.close()
        manifest = manifest_of(self.checksums)
        self._append(MANIFEST_ENTRY, manifest)
        if sign_with is not None:
            self._append(SIGNATURE_ENTRY, signature(manifest, sign_with))
        self._at(self.end, directory(self.entries, self.end))

    def _reserve(self, name: str, size: int) -> int:
        """A place in the list of entries, and in the file, for an entry whose contents come later."""
        start = self.end + len(local_header(name, size, 0, self.end))
        self.entries.append(Entry(name, size, 0, self.end, start))
        self.end = start + size
        return len(self.entries) - 1

    def _append(self, name: str, data: bytes) -> None:
        number = self._reserve(name, len(data))
        self._finish(number, zlib.crc32(data), hashlib.sha256(data).hexdigest())
        self.stream.write(data)

    def _take(self, wanted: tuple[str, int], view: memoryview) -> None:
        """The elements of a tensor: written piece by piece, and hashed meanwhile."""
        _, number = wanted
        entry = self.entries[number]
        self.stream.seek(self.base + entry.start)
        digest, crc = self.hasher.digest(), 0
        for begin in range(0, len(view), CHUNK):
            piece = view[begin : begin + CHUNK]
            digest.update(piece)
            crc = zlib.crc32(piece, crc)
            self.stream.write(piece)
        self.hasher.finish()  # torch lends its memory for this call only
        self._finish(number, crc, digest.hexdigest())

    def _finish(self, number: int, crc: int, digest: str) -> None:
        entry = self.entries[number] = self.entries[number]._replace(crc=crc)
        self.checksums[entry.name] = digest
        self._at(entry.header, local_header(entry.name, entry.size, crc, entry.header))

    def _at(self, place: int, data: bytes) -> None:
        self.stream.seek(self.base + place)
        self.stream.write(data)
