"""The names entries may have: exactly those torch and scriptkit write, in one spelling and one order.

torch's archive reader takes names for the same that differ only in case, so no two may.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scriptkit.artifact.container import VERSION_ENTRIES
from scriptkit.artifact.manifest import MANIFEST_ENTRY
from scriptkit.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Iterable

SIGNATURE_ENTRY = "extra/scriptkit/manifest.sig"
OBJECTS, CONSTANTS = "data.pkl", "constants.pkl"
_OURS = re.compile(
    r"\.data/version|version|byteorder|\.format_version|\.storage_alignment|data\.pkl|constants\.pkl"
    r"|(?:data|constants)/(?:0|[1-9]\d{0,8})|code/__torch__(?:/\w+)*\.py(?:\.debug_pkl)?"
    r"|extra/scriptkit/manifest\.(?:json|sig)",
    re.ASCII,
)
_OF_TORCH = re.compile(
    r"\.data/serialization_id|traced_inputs(?:\.pkl|/\d+)|bytecode\.pkl|mobile_debug_handles\.pkl|extra/[ -~]+"
)
_LAST = (MANIFEST_ENTRY, SIGNATURE_ENTRY)


def check_names(names: Iterable[str], *, of_torch: bool = False) -> None:
    """Raise unless all entries are known ones, and the necessary ones are there."""
    names = list(names)
    for name in names:
        if not (_OURS.fullmatch(name) or (of_torch and _OF_TORCH.fullmatch(name))):
            message = f"the file was changed; entries unknown: {name!r} is no name of an entry of a model file"
            raise ArtifactError(message)
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(name.lower(), name)
        if other != name:
            message = f"torch cannot tell the entries `{other}` and `{name}` apart: they differ only in upper case"
            raise ArtifactError(message)
    _check_complete(set(names))


def _check_complete(names: set[str]) -> None:
    if len(names.intersection(VERSION_ENTRIES)) != 1:
        raise ArtifactError("the file does not say which format it has, or says it twice")
    missing = {OBJECTS, CONSTANTS} - names
    if missing:
        raise ArtifactError(f"the file is no TorchScript file: it has no {', '.join(sorted(missing))}")
    code = {name.removesuffix(".debug_pkl") for name in names if name.endswith(".debug_pkl")}
    if code - names:
        raise ArtifactError(f"the file has debug records of code that it lacks: {', '.join(sorted(code - names))}")


def check_order(names: Iterable[str]) -> None:
    """Raise unless the entries stand in the order `save` writes."""
    names = list(names)
    if names != in_order(names):
        raise ArtifactError("the entries of the file stand in another order than they are written")


def in_order(names: Iterable[str]) -> list[str]:
    """Entries in the order in which they are written: by name, what describes them last."""
    return sorted(names, key=lambda name: (_LAST.index(name) + 1 if name in _LAST else 0, name))
