"""The tree of a program: one row for each submodule, with what it holds, calls and takes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from torch import nn

    from scriptkit.inspecting.classes import ProgramClass
    from scriptkit.inspecting.entries import Entries
    from scriptkit.inspecting.recorded import Recorded

_BYTES_BY_DTYPE = {"bool": 1, "uint8": 1, "int8": 1, "int16": 2, "float16": 2, "bfloat16": 2, "int64": 8, "float64": 8}
_COMPLEX = {"complex64": 8, "complex128": 16}


@dataclass(frozen=True)
class InspectionRow:
    """One submodule.

    `parameters` counts the elements of parameters in it and below, `bytes` what these and its buffers take. `operators`
    are those that its own code calls. `share` is its part of the time of one call, in it and below, None where that
    was not measured; `inputs` and `outputs` are the tensors of that call in words.
    """

    path: str
    class_name: str
    mode: str
    reason: str
    parameters: int
    bytes: int
    operators: tuple[str, ...] = ()
    share: float | None = None
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()


def rows_of(
    entries: Entries,
    classes: Mapping[str, ProgramClass],
    modes: Mapping[str, tuple[str, str]],
    recorded: Recorded | None,
) -> tuple[InspectionRow, ...]:
    """The rows of a tree, parents before what is in them."""
    objects = entries.objects
    sizes = _sizes(entries, classes)
    found = []
    for path, name in objects.classes.items():
        kind = classes.get(name)
        if kind is None:
            continue  # an object that is no module
        mode, reason = modes.get(path) or _mode_above(path, modes)
        operators = {one for method in kind.methods.values() for one in method.operators}
        call = None if recorded is None else recorded.calls.get(path)
        parameters, held = sizes[path]
        found.append(
            InspectionRow(
                path,
                kind.short,
                mode,
                reason,
                parameters,
                held + (entries.constant_bytes if not path else 0),
                tuple(sorted(operators)),
                None if recorded is None else recorded.share(path),
                () if call is None else call.inputs,
                () if call is None else call.outputs,
            )
        )
    return tuple(found)


def rows_of_python(
    module: nn.Module,
    class_of: Callable[[str], ProgramClass],
    paths: Sequence[str],
    modes: Mapping[str, tuple[str, str]],
    recorded: Recorded | None,
) -> tuple[InspectionRow, ...]:
    """The rows of a Python module: what it holds is known there, what it calls from its program."""
    found = []
    for path, part in module.named_modules():
        mode, reason = modes.get(path) or _mode_above(path, modes)
        kind = class_of(path) if path in paths else None
        operators = {one for method in kind.methods.values() for one in method.operators} if kind else set()
        call = None if recorded is None else recorded.calls.get(path)
        tensors = {id(one): one for one in (*part.parameters(), *part.buffers())}.values()
        found.append(
            InspectionRow(
                path,
                type(part).__name__,
                mode,
                reason,
                sum(one.numel() for one in part.parameters()),
                sum(one.numel() * one.element_size() for one in tensors),
                tuple(sorted(operators)),
                None if recorded is None else recorded.share(path),
                () if call is None else call.inputs,
                () if call is None else call.outputs,
            )
        )
    return tuple(found)


def _mode_above(path: str, modes: Mapping[str, tuple[str, str]]) -> tuple[str, str]:
    above = path
    while above:
        above = above.rpartition(".")[0]
        if above in modes:
            return modes[above][0], f"part of `{above or '(root)'}`"
    return "script", "nothing is known of how it was compiled"


def _sizes(entries: Entries, classes: Mapping[str, ProgramClass]) -> dict[str, tuple[int, int]]:
    """By path, the parameters and the bytes in it and below; what two places share counts once at each."""
    objects = entries.objects
    found = dict.fromkeys(objects.classes, (0, 0))
    seen: dict[str, set[str]] = {path: set() for path in objects.classes}
    for path, tensor in objects.tensors.items():
        owner, _, name = path.rpartition(".")
        kind = classes.get(objects.classes.get(owner, ""))
        count = math.prod(tensor.shape)
        is_parameter = kind is not None and name in kind.parameters
        for above in _and_above(owner):
            if above in found and tensor.entry not in seen[above]:
                seen[above].add(tensor.entry)
                parameters, held = found[above]
                size = count * _bytes_of(tensor.dtype)
                found[above] = parameters + count * is_parameter, held + size
    return found


def _bytes_of(dtype: str) -> int:
    return _COMPLEX.get(dtype) or _BYTES_BY_DTYPE.get(dtype, 4)


def _and_above(path: str) -> list[str]:
    found = [path]
    while path:
        path = path.rpartition(".")[0]
        found.append(path)
    return found
