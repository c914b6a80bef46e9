"""Writing a model file: the same model gives the same bytes; a file is the old one or the new one, never a half."""

from __future__ import annotations

import os
import tempfile
import warnings
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from scriptkit.artifact.container import write_container
from scriptkit.artifact.contents import CanonicalModel, canonical_model
from scriptkit.artifact.describing import make_manifest
from scriptkit.artifact.manifest import MANIFEST_ENTRY
from scriptkit.errors import ArtifactError, ScriptkitWarning

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import torch

    from scriptkit.artifact.description import Description

_TRAINING_MATTERS = ("Dropout", "BatchNorm")


def write_artifact(
    module: torch.jit.ScriptModule, target: str | os.PathLike[str] | BinaryIO, *, description: Description
) -> None:
    """Write a compiled module with its manifest to a path, or to a binary file open for writing.

    Raises ArtifactError when the target cannot be written (an old file there stays as it was) or the description does
    not fit the module.
    """
    write_model(canonical_model(module), target, description=description)


def write_model(model: CanonicalModel, target: str | os.PathLike[str] | BinaryIO, *, description: Description) -> None:
    """Write a model in its canonical form; otherwise as `write_artifact`."""
    _warn_of_training(model.module)
    manifest = make_manifest(model.module, model.contents, description).to_bytes()
    contents = [*model.contents.items(), (MANIFEST_ENTRY, manifest)]
    if isinstance(target, (str, os.PathLike)):
        write_atomically(Path(target), contents)
    else:
        write_container(target, contents)


def _warn_of_training(module: torch.jit.ScriptModule) -> None:
    named = list(_in_training(module))
    if named:
        message = f"saved in training mode: {', '.join(named)}; call `eval()` before saving a model for inference"
        warnings.warn(message, ScriptkitWarning, stacklevel=4)


def _in_training(module: torch.jit.ScriptModule) -> Iterator[str]:
    for path, submodule in module.named_modules():
        kind = str(getattr(submodule, "original_name", ""))
        if getattr(submodule, "training", False) and any(word in kind for word in _TRAINING_MATTERS):
            yield f"`{path or 'the model'}` ({kind})"


def write_atomically(path: Path, contents: Iterable[tuple[str, bytes]]) -> None:
    """Write beside the target, and put the finished file in its place in one step."""
    try:
        _write_beside(path, contents)
    except OSError as error:
        message = f"`{path}` cannot be written: {error.strerror or error}"
        raise ArtifactError(message) from error


def _write_beside(path: Path, contents: Iterable[tuple[str, bytes]]) -> None:
    if path.is_dir():
        raise IsADirectoryError(21, "it is a folder")
    if path.exists() and not os.access(path, os.W_OK):
        raise PermissionError(13, "it is read-only")
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            write_container(stream, contents)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(_mode_of(path))
        Path(temporary).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise
    _sync_folder(path.parent)


def _mode_of(path: Path) -> int:
    """The permissions of the file that is replaced, or those a new file would get."""
    if path.exists():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _sync_folder(folder: Path) -> None:
    """Make the new name durable too, where folders can be synced."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
