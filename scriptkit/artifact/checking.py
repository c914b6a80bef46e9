"""Is the file whole, and can this process run it: decided from the manifest before torch sees the file."""

from __future__ import annotations

import hashlib
import re
import warnings
import zipfile
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import torch

from scriptkit.artifact.container import ROOT, UNREADABLE, Container
from scriptkit.artifact.describing import file_format
from scriptkit.artifact.entry_names import SIGNATURE_ENTRY, check_names
from scriptkit.artifact.manifest import MANIFEST_ENTRY, Manifest, read_manifest
from scriptkit.artifact.sealed import Region
from scriptkit.artifact.signing import check_signature, is_signature
from scriptkit.engines.torchscript.engine import files
from scriptkit.errors import ArtifactError, ScriptkitWarning

if TYPE_CHECKING:
    from collections.abc import Iterable

_ELEMENTS = ("data/", "constants/")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_BYTE_ORDER = b"little"
_STACK_LEVEL = 6


class Checked(NamedTuple):
    """A file as far as it is checked: its manifest, its small entries as copies, its tensors where they lie."""

    manifest: Manifest
    order: list[str]
    small: dict[str, bytes]
    large: dict[str, Region]


def has_manifest(stream: BinaryIO) -> bool:
    """Whether the file was written by scriptkit, as far as it can be read at all."""
    try:
        with zipfile.ZipFile(stream) as archive:
            return ROOT + MANIFEST_ENTRY in archive.namelist()
    except UNREADABLE as error:
        message = f"the file is truncated or is no TorchScript file: {error}"
        raise ArtifactError(message) from error


def checked_file(stream: BinaryIO, signed_by: object) -> Checked:
    """What the file holds, once every entry but the tensors has proven to be the one the manifest names."""
    container = Container(stream)
    data = container.read(MANIFEST_ENTRY)
    signature = container.read(SIGNATURE_ENTRY) if SIGNATURE_ENTRY in container.entries else None
    if signed_by is not None:
        check_signature(data, signature, signed_by)
    if signature is not None and not is_signature(signature):
        raise ArtifactError("the signature of the file is damaged")
    manifest = read_manifest(data)
    _check_entries(container, manifest)
    small = {name: _checked(container, name, manifest) for name in manifest.checksums if not name.startswith(_ELEMENTS)}
    large = {
        name: Region(stream, entry.start, entry.size, entry.crc)
        for name, entry in container.entries.items()
        if name.startswith(_ELEMENTS)
    }
    _check_versions(manifest, small)
    _check_operators(manifest.operators)
    return Checked(manifest, list(container.entries), small, large)


def _check_entries(container: Container, manifest: Manifest) -> None:
    names = set(container.entries) - {MANIFEST_ENTRY, SIGNATURE_ENTRY}
    expected = set(manifest.checksums)
    for word, differing in (("missing", expected - names), ("unknown", names - expected)):
        if differing:
            message = f"the file was changed; entries {word}: {', '.join(sorted(differing))}"
            raise ArtifactError(message)
    check_names(container.entries)
    if not all(map(_DIGEST.fullmatch, manifest.checksums.values())):
        raise ArtifactError("the manifest cannot be read: a checksum has not 64 hexadecimal digits")


def _checked(container: Container, name: str, manifest: Manifest) -> bytes:
    data = container.read(name)
    check_digest(name, hashlib.sha256(data).hexdigest(), manifest)
    return data


def check_digest(name: str, found: str, manifest: Manifest) -> None:
    """Raise unless this is the SHA-256 the manifest has for an entry."""
    if found != manifest.checksums[name]:
        message = f"`{name}`{_meaning(name, manifest)} was changed: it does not match its SHA-256 in the manifest"
        raise ArtifactError(message)


def _meaning(name: str, manifest: Manifest) -> str:
    """The tensors that lie in an entry, in brackets."""
    named = [path for path, tensor in manifest.tensors.items() if tensor.entry == name]
    return f" ({', '.join(named)})" if named else ""


def check_format(small: dict[str, bytes], written_by: str = "") -> int:
    """The format of the file; raises when this torch does not read it."""
    number = file_format(small)
    if number > files.NEWEST_FORMAT:
        origin = f" (torch {written_by})" if written_by else ""
        message = (
            f"the file has format {number}{origin}, torch {torch.__version__} reads "
            f"up to {files.NEWEST_FORMAT}: upgrade torch, or save the model with the torch you have"
        )
        raise ArtifactError(message)
    if small.get("byteorder", _BYTE_ORDER) != _BYTE_ORDER:
        raise ArtifactError("the numbers of the file have another byte order than those of this machine")
    return number


def _check_versions(manifest: Manifest, small: dict[str, bytes]) -> None:
    check_format(small, manifest.written_by.torch)
    message = newer_torch(manifest.written_by.torch)
    if message:
        warnings.warn(message, ScriptkitWarning, stacklevel=_STACK_LEVEL)


def newer_torch(written_by: str) -> str:
    """That a file is of a later torch than the installed one; nothing if it is not."""
    if _major_minor(written_by) <= _major_minor(str(torch.__version__)):
        return ""
    return f"the file was written by torch {written_by}, newer than the installed {torch.__version__}"


def _major_minor(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d{1,6}", version)[:2])


def _check_operators(names: Iterable[str]) -> None:
    malformed = [name for name in names if not _OPERATOR.fullmatch(name)]
    if malformed:
        raise ArtifactError(f"the manifest cannot be read: {malformed[0][:60]!r} is no name of an operator")
    missing = files.missing_operators(names)
    if missing:
        message = (
            f"this process lacks operators the model needs: {', '.join(missing)}; import the package that registers "
            "them first (torchvision, for `torchvision::nms`), or use the torch the file was written with"
        )
        raise ArtifactError(message)


_OPERATOR = re.compile(r"\w+::\w+(?:\.\w+)?", re.ASCII)
