"""The archive torch reads: made of what was checked, never of the file.

Code and pickles are copies in memory. The elements of tensors come straight from the file into the memory torch has
made for them, and are hashed on the way: what was hashed is what torch has, whatever becomes of the file meanwhile,
and there is no second copy. Names are those of `torch.package`, whose reader takes a Python file.
"""

from __future__ import annotations

import hashlib
import zlib
from bisect import bisect_right
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from scriptkit.artifact.container import CHUNK, Entry, directory, local_header
from scriptkit.artifact.hashing import Hasher
from scriptkit.artifact.pickle_writing import written
from scriptkit.artifact.pickles import Storage, walk
from scriptkit.artifact.positioned_file import PositionedFile
from scriptkit.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scriptkit.artifact.hashing import Digest

PREFIX = ".data/"
"""Before the names of all entries that hold elements."""
_CODE_FOLDER, _PICKLE_FOLDER = ".data/ts_code/", ".data/ts_code/0/"
_PICKLES = ("data.pkl", "constants.pkl")
_WORTH_A_THREAD = 4 * CHUNK


class Region(NamedTuple):
    """Bytes of a file: the elements of tensors. Without a file: elements that nobody will look at."""

    stream: BinaryIO | None
    start: int
    size: int
    crc: int


class _Part(NamedTuple):
    """Bytes at a place of the archive: from memory, or of an entry that lies in a file."""

    place: int
    size: int
    data: bytes
    name: str


def name_in_package(name: str) -> str:
    """The name under which torch looks for an entry."""
    if name.startswith("code/"):
        return _CODE_FOLDER + name
    if name in _PICKLES:
        return _PICKLE_FOLDER + name
    return PREFIX + name if name.startswith(("data/", "constants/")) else name


def pickles_for_torch(trees: Mapping[str, Any]) -> dict[str, bytes]:
    """The object trees as torch gets them: written anew, with the elements under the names they have in the archive."""
    pickles = {}
    for name, tree in trees.items():
        storages = [node for node in walk(tree) if isinstance(node, Storage)]
        keys = [storage.key for storage in storages]
        for storage in storages:
            storage.key = f"{name.removesuffix('.pkl')}/{storage.key}"
        pickles[name] = written(tree)
        for storage, key in zip(storages, keys, strict=True):
            storage.key = key
    return pickles


class SealedArchive(PositionedFile):
    """A zip file for reading, out of entries in memory and regions of files; the latter are hashed as they are read."""

    def __init__(self, small: Mapping[str, bytes], large: Mapping[str, Region], *, is_kept: bool = False) -> None:
        """With `is_kept`, who reads keeps the memory he reads into until the digests are made, and changes nothing."""
        super().__init__()
        self._is_kept = is_kept
        self._hasher = Hasher()
        self._regions = dict(large)
        self._hashes: dict[str, Digest] = {}
        self._hashed: dict[str, int] = {}
        self._parts = [part for part in self._laid_out(small) if part.size]
        self._places = [part.place for part in self._parts]
        self._size = self._parts[-1].place + self._parts[-1].size
        self._position = 0
        self.failure: Exception | None = None

    def _laid_out(self, small: Mapping[str, bytes]) -> Iterator[_Part]:
        entries: list[Entry] = []
        place = 0
        for name in (*small, *self._regions):
            data, region = small.get(name, b""), self._regions.get(name)
            size = len(data) if region is None else region.size
            crc = zlib.crc32(data) if region is None else region.crc
            header = local_header(name_in_package(name), size, crc, place)
            entries.append(Entry(name_in_package(name), size, crc, place, place + len(header)))
            yield _Part(place, len(header), header, "")
            yield _Part(place + len(header), size, data, "" if region is None else name)
            place += len(header) + size
        end = directory(entries, place)
        yield _Part(place, len(end), end, "")

    # -- a file, as torch uses one -------------------------------------------------

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer from here on, as far as there are bytes."""
        try:
            return self._read_into(buffer)
        except Exception as error:
            # Torch makes another exception of it, and frees what it was reading into; it may also read on with this one
            # pending, and then Python fails on its own.
            self.failure = self.failure or error
            self._hasher.finish()
            raise

    def _read_into(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        wanted = min(len(view), max(self._size - self._position, 0))
        done = 0
        while done < wanted:
            part = self._parts[bisect_right(self._places, self._position) - 1]
            begin = self._position - part.place
            count = min(wanted - done, part.size - begin)
            self._fill(part, begin, view[done : done + count])
            done += count
            self._position += count
        return done

    def _fill(self, part: _Part, begin: int, view: memoryview) -> None:
        if not part.name:
            view[:] = part.data[begin : begin + len(view)]
            return
        region = self._regions[part.name]
        if region.stream is None:
            return
        region.stream.seek(region.start + begin)
        if begin == 0:
            self._hashes[part.name], self._hashed[part.name] = self._hasher.digest(), 0
        elif begin != self._hashed.get(part.name):  # torch looks for the directory, from the end on
            _read_fully(region.stream, view, part.name)
            return
        self._hashed[part.name] += len(view)
        digest = self._hashes[part.name]
        if len(view) < _WORTH_A_THREAD:
            _read_fully(region.stream, view, part.name)
            self._hasher.finish()
            digest.update_now(view)
        else:
            self._fill_with_threads(region.stream, view, part.name, digest)

    def _fill_with_threads(self, stream: BinaryIO, view: memoryview, name: str, digest: Digest) -> None:
        """Hash one piece while the next is read, and torch goes on to other tensors."""
        for start in range(0, len(view), CHUNK):
            piece = view[start : start + CHUNK]
            _read_fully(stream, piece, name)
            digest.update(piece)
        if not self._is_kept:
            self._hasher.finish()

    # -- what it was ------------------------------------------------------------------

    def close(self) -> None:
        """Let the threads go."""
        self._hasher.close()
        super().close()

    def digests(self) -> Iterator[tuple[str, str]]:
        """The SHA-256 of each region: of what torch has read, or, where it has read nothing, of what lies there."""
        self._hasher.finish()
        for name, region in self._regions.items():
            hashed = self._hashed.get(name, 0)
            if hashed == region.size and name in self._hashes:
                yield name, self._hashes[name].hexdigest()
            elif name not in self._hashes:
                yield name, _hash_of(region, name)
            else:
                message = f"internal error: `{name}` was not read from its beginning to its end"
                raise ArtifactError(message)


def _hash_of(region: Region, name: str) -> str:
    digest = hashlib.sha256()
    if region.stream is None:
        return digest.hexdigest()
    buffer = memoryview(bytearray(min(CHUNK, region.size)))
    region.stream.seek(region.start)
    left = region.size
    while left:
        piece = buffer[: min(left, CHUNK)]
        _read_fully(region.stream, piece, name)
        digest.update(piece)
        left -= len(piece)
    return digest.hexdigest()


def _read_fully(stream: BinaryIO, view: memoryview, name: str) -> None:
    """Fill the view from a file; raises ArtifactError where the file ends before."""
    done = 0
    while done < len(view):
        count = stream.readinto(view[done:])  # type: ignore[attr-defined]
        if not count:
            message = f"the file is truncated: `{name}` ends too early"
            raise ArtifactError(message)
        done += count
