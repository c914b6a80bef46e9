"""TorchScript files that torch wrote: nothing to check their entries against but the zip file's own checksums."""

from __future__ import annotations

import zipfile
from typing import BinaryIO

from scriptkit.artifact.container import UNREADABLE
from scriptkit.artifact.entry_names import CONSTANTS, OBJECTS, check_names
from scriptkit.errors import ArtifactError

# torch compresses code and debug records only, to a tenth or so
_MOST_EXPANSION = 200
_SMALL = 1 << 24
_ELEMENTS = ("data/", "constants/")
_REQUIRED = {OBJECTS, CONSTANTS}


def plain_contents(stream: BinaryIO) -> dict[str, bytes]:
    """The entries of a file of torch's, each read against its checksum, without the folder they all lie in."""
    try:
        with zipfile.ZipFile(stream) as archive:
            infos = archive.infolist()
            _refuse_bombs(infos)
            _check_folder([info.filename for info in infos])
            contents = {info.filename.partition("/")[2]: archive.read(info) for info in infos}
    except (*UNREADABLE, RuntimeError) as error:  # an encrypted entry is a RuntimeError
        message = f"the file is damaged or is no TorchScript file: {error}"
        raise ArtifactError(message) from error
    if len(contents) != len(infos):
        raise ArtifactError("an entry of the file is present twice")
    missing = _REQUIRED - contents.keys()
    if missing:  # a checkpoint of `torch.save` has but the first
        raise ArtifactError(f"the file is no TorchScript file: it has no {', '.join(sorted(missing))}")
    check_names(contents, of_torch=True)
    return contents


def _check_folder(names: list[str]) -> None:
    folders = {name.partition("/")[0] for name in names}
    if len(folders) > 1:
        raise ArtifactError(f"the file is no TorchScript file: its entries lie in {len(folders)} folders")


def plain_structure(stream: BinaryIO) -> tuple[dict[str, bytes], dict[str, int]]:
    """The entries of such a file but its tensors, of which only how many bytes each has; nothing large is read."""
    try:
        with zipfile.ZipFile(stream) as archive:
            infos = archive.infolist()
            _refuse_bombs(infos)
            _check_folder([info.filename for info in infos])
            named = {info.filename.partition("/")[2]: info for info in infos}
            sizes = {name: info.file_size for name, info in named.items() if name.startswith(_ELEMENTS)}
            small = {name: archive.read(info) for name, info in named.items() if name not in sizes}
    except (*UNREADABLE, RuntimeError) as error:
        raise ArtifactError(f"the file is damaged or is no TorchScript file: {error}") from error
    missing = _REQUIRED - named.keys()
    if missing:
        raise ArtifactError(f"the file is no TorchScript file: it has no {', '.join(sorted(missing))}")
    check_names(named, of_torch=True)
    return small, sizes


def _refuse_bombs(infos: list[zipfile.ZipInfo]) -> None:
    """Refuse what expands beyond measure, one by one and together; tensors are never compressed."""
    for info in infos:
        if info.file_size > _SMALL and info.file_size > _MOST_EXPANSION * info.compress_size:
            message = f"the entry `{info.filename}` would expand from {info.compress_size} to {info.file_size} bytes"
            raise ArtifactError(message)
        if info.compress_type != zipfile.ZIP_STORED and info.filename.partition("/")[2].startswith(_ELEMENTS):
            raise ArtifactError(f"the entry `{info.filename}` is compressed; torch never compresses tensors")
    compressed = sum(info.compress_size for info in infos)
    expanded = sum(info.file_size for info in infos)
    growth = sum(info.file_size - info.compress_size for info in infos)
    if growth > _SMALL + _MOST_GROWTH * compressed:
        message = f"the entries of the file would expand from {compressed} to {expanded} bytes"
        raise ArtifactError(message)


_MOST_GROWTH = 20
