"""The entries of a model file, in the one form that depends on the model alone."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, NamedTuple

from scriptkit.artifact.canonical import Program
from scriptkit.artifact.code_text import Code
from scriptkit.artifact.container import container_bytes
from scriptkit.artifact.debug_records import Mark, read_marks, without_machine, write_marks
from scriptkit.artifact.pickles import canonical_pickle, named_globals
from scriptkit.engines.torchscript.engine import files
from scriptkit.errors import ArtifactError

if TYPE_CHECKING:
    import torch

_DEBUG = ".debug_pkl"
# the pickle of an empty tuple
_NO_CONSTANTS = b"\x80\x02)."
# a number that is another each time; the inputs of a trace, which are the user's and described in the manifest
_DROPPED = (".data/serialization_id", "traced_inputs")


class CanonicalModel(NamedTuple):
    """The entries of a model file sorted by name, and the module torch makes of them (its tensors may be empty)."""

    contents: dict[str, bytes]
    module: torch.jit.ScriptModule


def canonical_model(module: torch.jit.ScriptModule) -> CanonicalModel:
    """The entries of the file of a compiled module."""
    try:
        whole = files.serialise(module)
    except RuntimeError as error:
        raise ArtifactError(f"{module.original_name} cannot be saved: {files.reason_of(error)}") from error
    written = {name: data for name, data in _entries(whole).items() if not name.startswith(_DROPPED)}
    code = {name: Code(data, _marks(written, name)) for name, data in written.items() if _is_code(name)}
    program = Program(code, named_globals(written["data.pkl"]))
    renamed = {name: data for name, data in written.items() if not name.startswith("code/")}
    renamed |= _code_entries(program.files())
    renamed["data.pkl"] = canonical_pickle(written["data.pkl"], program.rename)
    canonical = _loaded(renamed)
    printed = _entries(files.serialise(canonical))
    renamed |= {name: data for name, data in printed.items() if name.startswith(("code/", "constants"))}
    return CanonicalModel(dict(sorted(renamed.items())), canonical)


def _loaded(contents: dict[str, bytes]) -> torch.jit.ScriptModule:
    """The module of these entries; its tensors without elements, unless making it needs them."""
    return files.load_bytes(container_bytes(contents), None if _needs_elements(contents) else files.NO_ELEMENTS)


def _needs_elements(contents: dict[str, bytes]) -> bool:
    """Whether the code has tensor constants, or something is computed from tensors while the file is loaded."""
    has_constants = contents.get("constants.pkl", _NO_CONSTANTS) != _NO_CONSTANTS
    has_loading_code = any(b"def __setstate__(" in data for name, data in contents.items() if _is_code(name))
    return has_constants or has_loading_code or b"_rebuild_qtensor" in contents["data.pkl"]


def _marks(written: dict[str, bytes], name: str) -> tuple[Mark, ...]:
    return tuple(read_marks(written[name + _DEBUG])) if name + _DEBUG in written else ()


def _is_code(name: str) -> bool:
    return name.startswith("code/") and name.endswith(".py")


def _code_entries(code_files: dict[str, Code]) -> dict[str, bytes]:
    entries = {}
    for name, code in code_files.items():
        entries[name] = code.text
        entries[name + _DEBUG] = write_marks(
            [mark._replace(origin=without_machine(mark.origin)) for mark in code.marks]
        )
    return entries


def _entries(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
