"""Reading a model file: everything is checked before anything of it is executed."""

from __future__ import annotations

import io
import os
import warnings
from typing import TYPE_CHECKING, BinaryIO

import torch

from scriptkit.artifact.audit import audit, audit_operators
from scriptkit.artifact.checking import checked_manifest, has_manifest
from scriptkit.artifact.container import Container, container_bytes
from scriptkit.artifact.describing import make_manifest
from scriptkit.artifact.description import Description
from scriptkit.artifact.exported_reading import is_exported, load_exported
from scriptkit.artifact.loaded import LoadedModule
from scriptkit.artifact.plain import plain_contents
from scriptkit.engines.torchscript.engine import files
from scriptkit.errors import ArtifactError, ScriptkitWarning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from scriptkit.artifact.manifest import Manifest


def load(
    path_or_file: str | os.PathLike[str] | BinaryIO,
    *,
    map_location: str | torch.device | None = None,
    strict: bool = True,
    trust: bool = False,
) -> LoadedModule:
    """Load a model file after checking its format, its checksums, and what its code would do.

    A model file is code: load only files from people you trust. Still, code that would run while the file is loaded,
    or that reads or writes files, is refused unless `trust` is true. With `strict=False` a file without a manifest,
    as `torch.jit.save` writes it, is loaded too, with a warning that says what is unknown of it. A damaged file is
    never loaded.

    Raises ArtifactError, saying what is wrong.
    """
    device = torch.device(map_location) if map_location is not None else None
    if not isinstance(path_or_file, (str, os.PathLike)):
        data = path_or_file.read()
        return _load(io.BytesIO(data), lambda: files.load_bytes(data, device), device, strict=strict, trust=trust)
    path = os.fspath(path_or_file)
    try:
        with open(path, "rb") as stream:  # noqa: PTH123
            return _load(stream, lambda: _load_unchanged(path, stream, device), device, strict=strict, trust=trust)
    except OSError as error:
        message = f"`{path}` cannot be read: {error.strerror or error}"
        raise ArtifactError(message) from error


def _load(
    stream: BinaryIO,
    load_checked: Callable[[], torch.jit.ScriptModule],
    device: torch.device | None,
    *,
    strict: bool,
    trust: bool,
) -> LoadedModule:
    if is_exported(stream):
        return load_exported(stream, device, strict=strict, trust=trust)
    if has_manifest(stream):
        container = Container(stream)
        manifest = checked_manifest(container)
        module = _audited_module(container.entries, container.read, load_checked, trust=trust)
        return LoadedModule(module, manifest)
    if strict:
        message = (
            "the file has no scriptkit manifest, so nothing of it can be checked; `strict=False` loads it as it is"
        )
        raise ArtifactError(message)
    contents = plain_contents(stream)
    # what was audited is loaded: not the file, which torch's zip reader might see with other eyes
    rewritten = container_bytes(contents)
    module = _audited_module(contents, contents.__getitem__, lambda: files.load_bytes(rewritten, device), trust=trust)
    return LoadedModule(module, _manifest_of_plain(module, contents))


def _load_unchanged(path: str, checked: BinaryIO, device: torch.device | None) -> torch.jit.ScriptModule:
    """Load from the path, and refuse the result when another file lies there by now than the one that was checked."""
    module = files.load_file(path, device)
    before, now = os.fstat(checked.fileno()), os.stat(path)  # noqa: PTH116
    if (before.st_ino, before.st_size, before.st_mtime_ns) != (now.st_ino, now.st_size, now.st_mtime_ns):
        message = f"`{path}` was replaced while it was being loaded; load it again"
        raise ArtifactError(message)
    return module


def _audited_module(
    names: Iterable[str],
    read: Callable[[str], bytes],
    load_checked: Callable[[], torch.jit.ScriptModule],
    *,
    trust: bool,
) -> torch.jit.ScriptModule:
    if not trust:
        _refuse(audit(names, read))
    try:
        module = load_checked()
    except RuntimeError as error:
        message = f"torch cannot load the file: {_reason(error)}"
        raise ArtifactError(message) from error
    if not trust:
        _refuse(audit_operators(files.operator_names(module)))
    return module


def _refuse(findings: list[str]) -> None:
    if findings:
        listed = "".join(f"\n  {finding}" for finding in findings)
        message = f"the file does what a model has no need of; `trust=True` loads it nevertheless:{listed}"
        raise ArtifactError(message)


def _manifest_of_plain(module: torch.jit.ScriptModule, contents: dict[str, bytes]) -> Manifest:
    message = (
        "the file has no scriptkit manifest: its class, example inputs, script or trace, trace assumptions and "
        "verification are unknown, and its contents cannot be checked"
    )
    warnings.warn(message, ScriptkitWarning, stacklevel=4)
    class_name = str(getattr(module, "original_name", "unknown"))
    manifest = make_manifest(module, contents, Description(class_name))
    return manifest.model_copy(update={"checksums": {}})


def _reason(error: RuntimeError) -> str:
    """The line of torch's message that says what happened."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return next((line for line in lines if "rror" in line), lines[0] if lines else repr(error))
