"""Writing a model file: the same model gives the same bytes; a file is the old one or the new one, never a half."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, BinaryIO

from scriptkit.artifact.code_units import code_names, read_units
from scriptkit.artifact.composing import compose
from scriptkit.artifact.contents import CanonicalModel, canonical_model
from scriptkit.artifact.describing import Facts, file_format, make_manifest
from scriptkit.artifact.entry_names import check_names
from scriptkit.artifact.sources import text_path
from scriptkit.errors import ArtifactError, ScriptkitWarning
from scriptkit.replacing import replaced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import torch

    from scriptkit.artifact.description import Description

_TRAINING_MATTERS = ("Dropout", "BatchNorm")


def write_artifact(
    module: torch.jit.ScriptModule,
    target: str | os.PathLike[str] | BinaryIO,
    *,
    description: Description,
    sign_with: object = None,
) -> None:
    """Write a compiled module with its manifest to a path, or to a binary file open for writing.

    Raises ArtifactError when the target cannot be written (an old file there stays as it was) or the description does
    not fit the module.
    """
    write_model(canonical_model(module), target, description=description, sign_with=sign_with)


def write_model(
    model: CanonicalModel,
    target: str | os.PathLike[str] | BinaryIO,
    *,
    description: Description,
    sign_with: object = None,
) -> None:
    """Write a model in its canonical form; otherwise as `write_artifact`."""
    _warn_of_training(model.module)
    small = model.small()
    check_names(model.contents)
    facts = Facts(file_format(small), read_units({name: small[name] for name in code_names(small)}), model.objects)

    def manifest_of(checksums: Mapping[str, str]) -> bytes:
        return make_manifest(model.module, facts, description, checksums).to_bytes()

    manifest_of({})  # what does not fit is told before anything is written
    if isinstance(target, (str, os.PathLike)):
        write_atomically(text_path(target), lambda stream: compose(model, stream, manifest_of, sign_with=sign_with))
        return
    if not callable(getattr(target, "write", None)):
        raise ArtifactError(f"a model is saved to a path or to a binary file open for writing, not {_kind(target)}")
    try:
        compose(model, target, manifest_of, sign_with=sign_with)
    except (OSError, ValueError, TypeError) as error:
        message = f"the file cannot be written: {getattr(error, 'strerror', None) or error}"
        raise ArtifactError(message) from error


def _kind(target: object) -> str:
    hint = "; `os.fsdecode` makes a path of bytes" if isinstance(target, bytes) else ""
    return type(target).__name__ + hint


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


def write_atomically(path: str, write: Callable[[BinaryIO], object]) -> None:
    """Write beside the target, and put the finished file in its place in one step."""
    try:
        with replaced(path, stacklevel=5) as stream:
            write(stream)
    except OSError as error:
        message = f"`{path}` cannot be written: {error.strerror or error}"
        raise ArtifactError(message) from error
