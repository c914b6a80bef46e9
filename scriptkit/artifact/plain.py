"""TorchScript files that torch wrote: nothing to check their entries against but the zip file's own checksums."""

from __future__ import annotations

import zipfile
import zlib
from typing import BinaryIO

from scriptkit.errors import ArtifactError

# torch compresses code only, to a tenth or so
_MOST_EXPANSION = 200
_SMALL = 1 << 24
# a checkpoint of `torch.save` has but the first
_REQUIRED = {"data.pkl", "constants.pkl"}


def plain_contents(stream: BinaryIO) -> dict[str, bytes]:
    """The entries of a file of torch's, each read against its checksum, without the folder they all lie in."""
    try:
        with zipfile.ZipFile(stream) as archive:
            infos = archive.infolist()
            for info in infos:
                _refuse_bomb(info)
            contents = {info.filename.partition("/")[2]: archive.read(info) for info in infos}
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError, zlib.error) as error:
        message = f"the file is damaged or is no TorchScript file: {error}"
        raise ArtifactError(message) from error
    if len(contents) != len(infos):
        raise ArtifactError("an entry of the file is present twice")
    missing = _REQUIRED - contents.keys()
    if missing:
        raise ArtifactError(f"the file is no TorchScript file: it has no {', '.join(sorted(missing))}")
    return contents


def _refuse_bomb(info: zipfile.ZipInfo) -> None:
    if info.file_size > _SMALL and info.file_size > _MOST_EXPANSION * info.compress_size:
        message = f"the entry `{info.filename}` would expand from {info.compress_size} to {info.file_size} bytes"
        raise ArtifactError(message)
