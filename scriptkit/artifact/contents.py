"""The entries of a model file, in the one form that depends on the model alone."""

from __future__ import annotations

import io
import re
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

from scriptkit.artifact.canonical import Program
from scriptkit.artifact.code_text import Code
from scriptkit.artifact.container import VERSION_ENTRIES
from scriptkit.artifact.debug_records import Mark, read_marks, without_machine, write_marks
from scriptkit.artifact.entry_names import CONSTANTS, OBJECTS, in_order
from scriptkit.artifact.object_tree import class_names
from scriptkit.artifact.pickle_writing import rename_types, written
from scriptkit.artifact.pickles import Storage, read_pickle, walk
from scriptkit.artifact.records import Elements, records
from scriptkit.artifact.sealed import Region, SealedArchive, pickles_for_torch
from scriptkit.engines.torchscript.engine import files
from scriptkit.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    from scriptkit.artifact.records import Records

_DEBUG = ".debug_pkl"
# a number that is another each time, and the format, which is not that of the code
_DROPPED = (".data/serialization_id", *VERSION_ENTRIES)
_ELSEWHERE = 6
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_NO_CONSTANTS = b"\x80\x02)."


class CanonicalModel(NamedTuple):
    """The entries of a model file, in their order; large tensors stay where they are.

    `source` is the module they were taken from, which gives the large tensors once more; `module` is what torch makes
    of the entries (its tensors may be empty); `objects` is the object tree.
    """

    contents: dict[str, bytes | Elements]
    source: torch.jit.ScriptModule
    module: torch.jit.ScriptModule
    objects: Any

    def small(self) -> dict[str, bytes]:
        """The entries that are in memory."""
        return {name: data for name, data in self.contents.items() if isinstance(data, bytes)}


def canonical_model(module: torch.jit.ScriptModule, class_name: str = "") -> CanonicalModel:
    """The entries of the file of a compiled module, whose class gets another name where it does not have this one."""
    clash = files.refused_parameter(module)
    if clash is not None:
        raise ArtifactError(
            f"{module.original_name} cannot be saved: `{clash[0]}` has a parameter called `{clash[1]}`, a name that the"
            " code of a file has for something else; call it otherwise"
        )
    files.give_printable_names(module)
    try:
        found = records(module)
        if _needs_elements(found):
            found = records(module, keep_tensors=True)
    except RuntimeError as error:
        raise ArtifactError(f"{module.original_name} cannot be saved: {files.reason_of(error)}") from error
    code = {name: Code(data, _marks(found.small, name)) for name, data in found.small.items() if _is_code(name)}
    objects, constants = (read_pickle(name, found.small[name]) for name in (OBJECTS, CONSTANTS))
    program = Program(code, class_names(objects), _root_name(module, class_name))
    rename_types(objects, program.rename)
    other = {name: data for name, data in found.small.items() if not name.startswith(("code/", *_DROPPED))}
    tensors = _numbered("data", objects, found)
    given = tensors | _numbered("constants", constants, found)
    canonical, unit, _ = _loaded(
        other
        | _version(files.NEWEST_FORMAT)
        | _code_entries(program.files())
        | pickles_for_torch({OBJECTS: objects, CONSTANTS: constants}),
        given,
        None if _needs_elements(found) else files.NO_ELEMENTS,
    )
    files.give_printable_names(canonical)
    again = records(canonical, keep_tensors=True)
    printed = read_pickle(CONSTANTS, again.small[CONSTANTS])
    tensors |= _numbered("constants", printed, again)
    contents = other | _version(files.file_format(unit))
    contents |= {name: data for name, data in again.small.items() if _is_code(name.removesuffix(_DEBUG))}
    contents |= {OBJECTS: written(objects), CONSTANTS: written(printed)}
    entries = contents | tensors
    return CanonicalModel({name: entries[name] for name in in_order(entries)}, module, canonical, objects)


def _root_name(module: torch.jit.ScriptModule, class_name: str) -> str:
    """The qualified name for the class of the module, where it is called otherwise; nothing where it is not."""
    parts = [part for part in class_name.split(".") if _IDENTIFIER.fullmatch(part)]
    if not parts or class_name.rpartition(".")[2] in (module.original_name, ""):
        return ""
    return ".".join(["__torch__", *parts])


def _loaded(
    small: Mapping[str, bytes], tensors: Mapping[str, bytes | Elements], device: torch.device | None
) -> files.Loaded:
    """The module of these entries; its tensors without elements, unless making it needs them."""
    regions = {name: _region(data) for name, data in tensors.items()}
    with SealedArchive(small, regions) as archive:
        return files.load_archive(archive, device)


def _version(number: int) -> dict[str, bytes]:
    """The entry that names the format: the newer ones lie where older readers do not look."""
    return {VERSION_ENTRIES[number < _ELSEWHERE]: f"{number}\n".encode()}


def _region(data: bytes | Elements) -> Region:
    if isinstance(data, bytes):
        return Region(io.BytesIO(data), 0, len(data), zlib.crc32(data))
    return Region(None, 0, data.size, 0)  # such tensors are made without elements


def _numbered(folder: str, tree: Any, found: Records) -> dict[str, bytes | Elements]:
    """The elements by entry, numbered in the order of first use; the tree gets the same numbers."""
    storages = [node for node in walk(tree) if isinstance(node, Storage)]
    entries = {}
    for number, storage in enumerate(storages):
        entries[f"{folder}/{number}"] = found.tensors.get(storage.key, b"")  # torch writes no entry for no elements
        storage.key = str(number)
    return entries


def _needs_elements(found: Records) -> bool:
    """Whether the code has tensor constants, or something is computed from tensors while the file is loaded."""
    has_loading_code = any(b"def __setstate__(" in data for name, data in found.small.items() if _is_code(name))
    return found.small[CONSTANTS] != _NO_CONSTANTS or has_loading_code or b"_rebuild_qtensor" in found.small[OBJECTS]


def _marks(small: Mapping[str, bytes], name: str) -> tuple[Mark, ...]:
    debug = name + _DEBUG
    return tuple(read_marks(debug, small[debug], from_torch=True)) if debug in small else ()


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
