"""`scriptkit.inspect`: a program to look at, of a module in memory or of a file."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.artifact.exported_reading import is_exported
from scriptkit.artifact.loaded import LoadedModule
from scriptkit.artifact.reading import load, load_structure
from scriptkit.artifact.sources import opened
from scriptkit.compiling.plan.trees import to_torchscript
from scriptkit.engines.export.programs import Programs
from scriptkit.errors import ScriptkitError
from scriptkit.example_calls import example_call
from scriptkit.inspecting.entries import of_file, of_module
from scriptkit.inspecting.inspection import Inspection
from scriptkit.inspecting.programs_seen import SeenScript
from scriptkit.inspecting.recorded import Recorded, record
from scriptkit.inspecting.rows import rows_of, rows_of_python
from scriptkit.live import programs
from scriptkit.runtime import reading
from scriptkit.runtime.compiled import source_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import BinaryIO

    from scriptkit.inspecting.entries import Entries


def inspect(
    m_or_path: torch.nn.Module | LoadedModule | str | os.PathLike[str] | BinaryIO,
    example_inputs: Sequence[Any] | None = None,
    *,
    example_kwargs: Mapping[str, Any] | None = None,
) -> Inspection:
    """The program of a module or of a model file, to be looked at; nothing of a file runs, and no weight is read.

    Modules of one's own, compiled ones, loaded ones, `.pt` files of ours and of torch, exported modules and `.pt2`
    files. With example inputs a module that has Python is called once, on a copy: then the tree tells the share of
    time of each part, and the page the dtypes and shapes on every arrow.

    Raises:
        ScriptkitError: the module is not compiled yet, does not compile, or the file is damaged or refused.
        TypeError: it is neither a module nor a file.
    """
    recorded = None
    if example_inputs is not None or example_kwargs:
        recorded = _recorded(m_or_path, example_call(m_or_path, example_inputs, example_kwargs, "inspect"))
    if isinstance(m_or_path, (str, os.PathLike)) or hasattr(m_or_path, "read"):
        return _of_file(m_or_path)
    if isinstance(getattr(m_or_path, "module", m_or_path), Programs):
        return _of_programs(m_or_path)
    if isinstance(m_or_path, LoadedModule):
        return _of_loaded(m_or_path)
    if not isinstance(m_or_path, torch.nn.Module):
        raise TypeError(f"`inspect` takes a module or the path of a model file, not a {type(m_or_path).__name__}")
    return _of_module(m_or_path, recorded)


def _recorded(m: Any, given: Any) -> Recorded | None:
    """One call of the Python module; of what came from a file, no part can be watched."""
    is_python = isinstance(m, torch.nn.Module) and not isinstance(m, Programs) and not programs.is_script_module(m)
    return record(source_of(m), given) if is_python else None


def _of_module(m: torch.nn.Module, recorded: Recorded | None) -> Inspection:
    if programs.is_script_module(m):
        entries = of_module(m, str(m.original_name))
        seen = _seen(entries, {}, {})
        return Inspection(seen, rows_of(entries, seen.classes, {}, None))
    report = reading.report(m)
    if report.rows and report.rows[0].mode == "pending":
        raise ScriptkitError(
            f"{type(m).__name__} has no program yet: {report.rows[0].reason}; call it once, or compile it with "
            "`example_inputs`, before it is inspected"
        )
    source = source_of(m)
    entries = of_module(to_torchscript(m), f"{type(source).__module__}.{type(source).__qualname__}")
    modes = {row.path: (row.mode, row.reason) for row in report.rows}
    assumptions = {row.path: row.assumptions for row in report.rows}
    seen = _seen(entries, modes, assumptions)
    return Inspection(seen, rows_of_python(source, seen.class_of, seen.paths, modes, recorded))


def _seen(
    entries: Entries, modes: Mapping[str, tuple[str, str]], assumptions: Mapping[str, Sequence[str]]
) -> SeenScript:
    def nothing_to_load() -> torch.jit.ScriptModule:
        raise ScriptkitError("the program is in no file")  # it is in memory

    return SeenScript(entries, modes, assumptions, nothing_to_load)


def _of_loaded(m: LoadedModule) -> Inspection:
    entries = of_module(m.module, m.manifest.class_name)
    modes = {one.path: (one.mode, one.reason) for one in m.manifest.submodules}
    seen = _seen(entries, modes, _by_path(m.manifest.trace_assumptions))
    return Inspection(seen, rows_of(entries, seen.classes, modes, None))


def _of_file(path_or_file: Any) -> Inspection:
    held = path_or_file.read() if hasattr(path_or_file, "read") else None

    def source() -> Any:
        """A path as often as it is asked for; a stream gives what it has but once."""
        return path_or_file if held is None else io.BytesIO(held)

    with opened(source()) as stream:
        if is_exported(stream):
            return _of_programs(load(source()))
        entries = of_file(stream)

    def program() -> torch.jit.ScriptModule:
        with opened(source()) as again:
            return load_structure(again)

    submodules = entries.manifest.submodules if entries.manifest is not None else ()
    modes = {one.path: (one.mode, one.reason) for one in submodules}
    if entries.manifest is not None and entries.manifest.optimization is not None:
        modes[""] = ("script", f"optimised for inference: {entries.manifest.optimization.variant}")
    assumptions = _by_path(entries.manifest.trace_assumptions if entries.manifest is not None else ())
    seen = SeenScript(entries, modes, assumptions, program)
    return Inspection(seen, rows_of(entries, seen.classes, modes, None))


def _by_path(assumptions: Sequence[str]) -> dict[str, list[str]]:
    """The facts of a manifest by the path each begins with."""
    found: dict[str, list[str]] = {}
    for text in assumptions:
        path, _, fact = text.partition(": ")
        found.setdefault("" if path == "(root)" else path, []).append(fact)
    return found


def _of_programs(m: Any) -> Inspection:
    from scriptkit.inspecting.exported import SeenExported  # few need the second engine

    module: Any = m.module if isinstance(m, LoadedModule) else m
    seen = SeenExported(module)
    name = str(getattr(m, "class_name", "") or m.manifest.class_name)
    return Inspection(seen, seen.rows(name.rpartition(".")[2]))
