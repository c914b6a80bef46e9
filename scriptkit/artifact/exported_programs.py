"""The document of a program as it goes into a file: nothing in it tells the machine it was made on."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scriptkit.artifact.debug_records import package_relative

if TYPE_CHECKING:
    from collections.abc import Iterator

_FRAME = re.compile(
    r'^\s*File "(?P<path>[^"\n]*)", line (?P<line>\d+), in (?P<function>[^\n]*)\n(?P<code>(?:    .*\n?)*)', re.MULTILINE
)
_OWN = str(Path(__file__).parents[1]) + "/"


def program_bytes(document: dict[str, Any]) -> bytes:
    """The JSON text of a program whose stack traces name files relative to their packages."""
    for metadata in _metadata(document):
        if "stack_trace" in metadata:
            metadata["stack_trace"] = without_machine(metadata["stack_trace"])
    return json.dumps(document, separators=(",", ":")).encode()


def without_machine(trace: str) -> str:
    """A stack trace without absolute paths, and without the frames that are no line of the model."""
    frames = [
        f'  File "{package_relative(frame["path"])}", line {frame["line"]}, in {frame["function"]}\n{frame["code"]}'
        for frame in _FRAME.finditer(trace)
        if not frame["path"].startswith(_OWN)
    ]
    return "".join(frame if frame.endswith("\n") else frame + "\n" for frame in frames)


def _metadata(value: Any) -> Iterator[dict[str, Any]]:
    """Every `metadata` of every node, in subgraphs too."""
    if isinstance(value, list):
        for item in value:
            yield from _metadata(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "metadata" and isinstance(item, dict):
                yield item
            else:
                yield from _metadata(item)


def operators(document: Any) -> set[str]:
    """The operators a program calls, as `namespace::name.overload`."""
    found = set()
    for target in targets(document):
        if target.startswith("torch.ops.") and not target.startswith("torch.ops.higher_order."):
            namespace, name, overload = (*target.removeprefix("torch.ops.").split("."), "default")[:3]
            found.add(f"{namespace}::{name}" + ("" if overload == "default" else f".{overload}"))
    return found


def targets(value: Any) -> Iterator[str]:
    """What every node of a program calls, in subgraphs too."""
    if isinstance(value, list):
        for item in value:
            yield from targets(item)
    elif isinstance(value, dict):
        if isinstance(value.get("target"), str):
            yield value["target"]
        for item in value.values():
            yield from targets(item)
