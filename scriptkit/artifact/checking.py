"""Is the file whole, and can this process run it: decided from the manifest before torch sees the file."""

from __future__ import annotations

import re
import warnings
import zipfile
from typing import TYPE_CHECKING, BinaryIO

import torch

from scriptkit.artifact.container import ROOT, VERSION_ENTRIES
from scriptkit.artifact.manifest import MANIFEST_ENTRY, Manifest, read_manifest
from scriptkit.engines.torchscript.engine import files
from scriptkit.errors import ArtifactError, ScriptkitWarning

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scriptkit.artifact.container import Container


def has_manifest(stream: BinaryIO) -> bool:
    """Whether the file was written by scriptkit, as far as it can be read at all."""
    try:
        with zipfile.ZipFile(stream) as archive:
            return ROOT + MANIFEST_ENTRY in archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        message = f"the file is truncated or is no TorchScript file: {error}"
        raise ArtifactError(message) from error


def checked_manifest(container: Container) -> Manifest:
    """The manifest of a file, once every entry has proven to be the one it names."""
    manifest = read_manifest(container.read(MANIFEST_ENTRY))
    _check_entries(container, manifest)
    _check_versions(manifest, _file_format(container))
    _check_operators(manifest.operators)
    return manifest


def _check_entries(container: Container, manifest: Manifest) -> None:
    found, expected = set(container.entries) - {MANIFEST_ENTRY}, set(manifest.checksums)
    for word, names in (("missing", expected - found), ("unknown", found - expected)):
        if names:
            message = f"the file was changed; entries {word}: {', '.join(sorted(names))}"
            raise ArtifactError(message)
    for name, checksum in manifest.checksums.items():
        if container.sha256(name) != checksum:
            message = f"`{name}`{_meaning(name, manifest)} was changed: it does not match its SHA-256 in the manifest"
            raise ArtifactError(message)


def _meaning(name: str, manifest: Manifest) -> str:
    """The tensors that lie in an entry, in brackets."""
    named = [path for path, tensor in manifest.tensors.items() if tensor.entry == name]
    return f" ({', '.join(named)})" if named else ""


def _file_format(container: Container) -> int:
    name = next((name for name in VERSION_ENTRIES if name in container.entries), None)
    if name is None or not container.read(name).strip().isdigit():
        raise ArtifactError("the file does not say which format it has")
    return int(container.read(name))


def _check_versions(manifest: Manifest, file_format: int) -> None:
    if file_format > files.NEWEST_FORMAT:
        message = (
            f"the file has format {file_format} (torch {manifest.written_by.torch}), torch {torch.__version__} reads "
            f"up to {files.NEWEST_FORMAT}: upgrade torch, or save the model with the torch you have"
        )
        raise ArtifactError(message)
    if _major_minor(manifest.written_by.torch) > _major_minor(str(torch.__version__)):
        message = (
            f"the file was written by torch {manifest.written_by.torch}, newer than the installed {torch.__version__}"
        )
        warnings.warn(message, ScriptkitWarning, stacklevel=6)


def _major_minor(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])


def _check_operators(names: Iterable[str]) -> None:
    missing = files.missing_operators(names)
    if missing:
        message = (
            f"this process lacks operators the model needs: {', '.join(missing)}; import the package that registers "
            "them first (torchvision, for `torchvision::nms`), or use the torch the file was written with"
        )
        raise ArtifactError(message)
