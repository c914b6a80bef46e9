"""The entries of a program: of a file, without its tensors, or of a module, as a file would hold them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

from scriptkit.artifact.checking import has_manifest
from scriptkit.artifact.container import Container
from scriptkit.artifact.contents import canonical_model
from scriptkit.artifact.entry_names import OBJECTS
from scriptkit.artifact.manifest import MANIFEST_ENTRY, Manifest, read_manifest
from scriptkit.artifact.object_tree import ObjectTree, object_tree
from scriptkit.artifact.pickles import read_pickle
from scriptkit.artifact.plain import plain_structure
from scriptkit.artifact.records import Elements

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import torch

_ELEMENTS = ("data/", "constants/")


@dataclass(frozen=True)
class Entries:
    """Code, debug records and objects as bytes; of tensors only how many bytes each entry has."""

    small: Mapping[str, bytes]
    sizes: Mapping[str, int]
    objects: ObjectTree
    manifest: Manifest | None = None
    program: torch.jit.ScriptModule | None = field(default=None, repr=False)

    @property
    def constant_bytes(self) -> int:
        """What tensors in the code itself take: of a frozen program, all its weights."""
        return sum(size for name, size in self.sizes.items() if name.startswith("constants/"))

    def code(self) -> Iterable[str]:
        """The names of the entries with code."""
        return [name for name in self.small if name.startswith("code/") and name.endswith(".py")]


def of_module(program: torch.jit.ScriptModule, class_name: str) -> Entries:
    """What a file of a program would hold, with its tensors where they are."""
    contents = canonical_model(program, class_name).contents
    sizes = {
        name: data.size if isinstance(data, Elements) else len(data)
        for name, data in contents.items()
        if name.startswith(_ELEMENTS)
    }
    small = {name: data for name, data in contents.items() if isinstance(data, bytes) and name not in sizes}
    return Entries(small, sizes, _objects(small), program=program)


def of_file(stream: BinaryIO) -> Entries:
    """The entries of a file of ours or of torch's; raises ArtifactError for one that is damaged or is none."""
    if has_manifest(stream):
        container = Container(stream)
        sizes = {name: entry.size for name, entry in container.entries.items() if name.startswith(_ELEMENTS)}
        small = {name: container.read(name) for name in container.entries if name not in sizes}
        return Entries(small, sizes, _objects(small), read_manifest(small[MANIFEST_ENTRY]))
    small, sizes = plain_structure(stream)
    return Entries(small, sizes, _objects(small))


def _objects(small: Mapping[str, bytes]) -> ObjectTree:
    tree: Any = read_pickle(OBJECTS, small[OBJECTS])
    return object_tree(tree)
