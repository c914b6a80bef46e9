"""Reading a model file: everything is checked before anything of it is executed, and what was checked is loaded.

path ── sources ──> stream ── checking ──> manifest, copies of the small entries, places of the tensors
     ── code_units, pickles ──> what code and objects mean ── audit ──> refused │ sealed: written anew for torch
     ── archives ──> module ── hashes of the tensors, agreeing, audit of the operators ──> LoadedModule
"""

from __future__ import annotations

import io
import warnings
import zlib
from typing import TYPE_CHECKING, Any, BinaryIO

import torch

from scriptkit.artifact.agreeing import refuse_contradictions
from scriptkit.artifact.audit import audit, audit_operations
from scriptkit.artifact.checking import Checked, check_digest, check_format, checked_file, has_manifest
from scriptkit.artifact.code_units import Units, code_names, read_units
from scriptkit.artifact.debug_records import read_marks
from scriptkit.artifact.describing import Facts, make_manifest
from scriptkit.artifact.description import Description
from scriptkit.artifact.entry_names import CONSTANTS, OBJECTS, check_order
from scriptkit.artifact.exported_reading import is_exported, load_exported
from scriptkit.artifact.loaded import LoadedModule
from scriptkit.artifact.object_checks import check_memory
from scriptkit.artifact.pickle_writing import written
from scriptkit.artifact.pickles import read_pickle
from scriptkit.artifact.plain import plain_contents, plain_structure
from scriptkit.artifact.prepared import prepared
from scriptkit.artifact.sealed import Region, SealedArchive, pickles_for_torch
from scriptkit.artifact.sources import opened
from scriptkit.artifact.sparse_checks import check_sparse
from scriptkit.engines.torchscript.engine import files
from scriptkit.errors import ArtifactError, ScriptkitWarning

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from scriptkit.artifact.manifest import Manifest

_DEBUG = ".debug_pkl"
_ELEMENTS = ("data/", "constants/")
_FIRST_CANONICAL = (1, 2)
"""The manifest version from which on objects have but one form."""
_NEEDED = ("version", ".data/version", "byteorder")


def load(
    path_or_file: str | os.PathLike[str] | BinaryIO,
    *,
    map_location: str | torch.device | None = None,
    strict: bool = True,
    trust: bool = False,
    signed_by: object = None,
) -> LoadedModule:
    """Load a model file after checking its format, its checksums, and what its code would do.

    A model file is code: load only files from people you trust. Still, code that would run while the file is loaded,
    or that reads or writes files, is refused unless `trust` is true. With `strict=False` a file without a manifest,
    as `torch.jit.save` writes it, is loaded too, with a warning that says what is unknown of it. A damaged file is
    never loaded. What a model that `optimize` made faster asks for (`manifest.optimization`) is done. With `signed_by`,
    an Ed25519 public key or several, only a file that one of them signed is loaded (`save(..., sign_with=key)`).

    Raises ArtifactError, saying what is wrong.
    """
    device = _device(map_location)
    with opened(path_or_file) as stream:
        if is_exported(stream):
            if signed_by is not None:
                raise ArtifactError("a file of exported programs carries no signature: load it without `signed_by`")
            return load_exported(stream, device, strict=strict, trust=trust)
        if has_manifest(stream):
            return _load_checked(checked_file(stream, signed_by), device, trust=trust)
        if strict or signed_by is not None:
            message = (
                "the file has no scriptkit manifest, so nothing of it can be checked; `strict=False` loads it as it is"
            )
            raise ArtifactError(message if strict else "the file has no scriptkit manifest, and no signature either")
        return _load_plain(plain_contents(stream), device, trust=trust)


def _device(map_location: str | torch.device | None) -> torch.device | None:
    try:
        return None if map_location is None else torch.device(map_location)
    except (RuntimeError, TypeError, ValueError) as error:
        raise ArtifactError(f"`map_location` names no device: {error}") from error


def load_structure(stream: BinaryIO) -> torch.jit.ScriptModule:
    """The program of a file with tensors that have no elements, so that it can be looked at; nothing of it runs.

    Raises ArtifactError for what `load` would refuse in code and objects.
    """
    if has_manifest(stream):
        checked = checked_file(stream, None)
        small, sizes = checked.small, {name: region.size for name, region in checked.large.items()}
    else:
        small, sizes = plain_structure(stream)
    large = {name: Region(None, 0, size, 0) for name, size in sizes.items()}
    _, trees = _read(small, large, trust=False)
    with SealedArchive(_for_torch(small, trees), large) as archive:
        return files.load_archive(archive, files.NO_ELEMENTS).module


def _load_checked(checked: Checked, device: torch.device | None, *, trust: bool) -> LoadedModule:
    manifest = checked.manifest
    facts, trees = _read(checked.small, checked.large, trust=trust)
    check_order(checked.order)
    if _version(manifest) >= _FIRST_CANONICAL:
        _check_form(checked.small, trees)
    if trust:  # code may run while it is loaded: nothing of it sees a tensor that was not checked
        _check_tensors(SealedArchive({}, checked.large), manifest)
    # code that runs while it is loaded may write to tensors: then nothing is hashed later than it is read
    with SealedArchive(_for_torch(checked.small, trees), checked.large, is_kept=not trust) as archive:
        loaded = _imported(archive, device)
        _check_tensors(archive, manifest)
    check_sparse(trees[OBJECTS], loaded.module)
    if not trust:
        _refuse(audit_operations(loaded.unit))
    refuse_contradictions(manifest, loaded.module, facts, trust=trust)
    return prepared(loaded.module, manifest)


def _load_plain(contents: dict[str, bytes], device: torch.device | None, *, trust: bool) -> LoadedModule:
    small = {name: data for name, data in contents.items() if not name.startswith(_ELEMENTS)}
    large = {
        name: Region(io.BytesIO(data), 0, len(data), zlib.crc32(data))
        for name, data in contents.items()
        if name.startswith(_ELEMENTS)
    }
    facts, trees = _read(small, large, trust=trust)
    with SealedArchive(_for_torch(small, trees), large) as archive:
        loaded = _imported(archive, device)
    check_sparse(trees[OBJECTS], loaded.module)
    if not trust:
        _refuse(audit_operations(loaded.unit))
    return LoadedModule(loaded.module, _manifest_of_plain(loaded.module, facts))


def _read(small: Mapping[str, bytes], large: Mapping[str, Region], *, trust: bool) -> tuple[Facts, dict[str, Any]]:
    """What the code declares and the objects are; raises where they would reach foreign memory, or are refused."""
    number = check_format(dict(small))
    sizes = {name: region.size for name, region in large.items()}
    trees = {name: read_pickle(name, small[name]) for name in (OBJECTS, CONSTANTS)}
    units = Units() if trust else read_units({name: small[name] for name in code_names(small)})
    if not trust:
        _refuse(audit(units, trees))
    used = {entry for name, tree in trees.items() for entry in check_memory(name, tree, sizes)}
    if set(large) - used:
        raise ArtifactError(f"entries that no tensor lies in: {', '.join(sorted(set(large) - used))}")
    for name in small:
        if name.endswith(_DEBUG):
            read_marks(name, small[name])
    return Facts(number, units, trees[OBJECTS]), trees


def _version(manifest: Manifest) -> tuple[int, ...]:
    return tuple(int(number[:6]) for number in manifest.manifest_version.split("."))


def _check_form(small: Mapping[str, bytes], trees: Mapping[str, Any]) -> None:
    for name, tree in trees.items():
        if written(tree) != small[name]:
            raise ArtifactError(f"the object tree `{name}` is written in another form than `save` writes it")


def _check_tensors(archive: SealedArchive, manifest: Manifest) -> None:
    for name, digest in archive.digests():
        check_digest(name, digest, manifest)


def _for_torch(small: Mapping[str, bytes], trees: Mapping[str, Any]) -> dict[str, bytes]:
    """What torch gets to read: nothing that was not looked at."""
    kept = {name: data for name, data in small.items() if name in _NEEDED or name.startswith("code/")}
    return kept | pickles_for_torch(trees)


def _imported(archive: SealedArchive, device: torch.device | None) -> files.Loaded:
    try:
        return files.load_archive(archive, device)
    except Exception as error:
        if isinstance(archive.failure, ArtifactError):
            raise archive.failure from error
        message = f"torch cannot load the file: {_reason(error)}"
        raise ArtifactError(message) from error


def _refuse(findings: list[str]) -> None:
    if findings:
        listed = "".join(f"\n  {finding}" for finding in findings)
        message = f"the file does what a model has no need of; `trust=True` loads it nevertheless:{listed}"
        raise ArtifactError(message)


def _manifest_of_plain(module: torch.jit.ScriptModule, facts: Facts) -> Manifest:
    message = (
        "the file has no scriptkit manifest: its class, example inputs, script or trace, trace assumptions and "
        "verification are unknown, and its contents cannot be checked"
    )
    warnings.warn(message, ScriptkitWarning, stacklevel=4)
    class_name = str(getattr(module, "original_name", "unknown"))
    return make_manifest(module, facts, Description(class_name), {})


def _reason(error: Exception) -> str:
    """The line of torch's message that says what happened."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return next((line for line in lines if "rror" in line), lines[0] if lines else repr(error))
