"""`optimize` for exported programs: the portable one, or machine code that AOTInductor makes of it."""

from __future__ import annotations

import copy
import os
import shutil
import tempfile
import weakref
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.artifact.exported_writing import write_exported
from scriptkit.artifact.loaded import LoadedModule
from scriptkit.artifact.writing import write_atomically
from scriptkit.cpp.exported.compiled import compile_exported
from scriptkit.engines.export import aoti
from scriptkit.engines.export.programs import Programs
from scriptkit.errors import ArtifactError, ScriptkitError
from scriptkit.live.comparison import compare
from scriptkit.live.copies import with_fresh_tensors
from scriptkit.optimizing.candidates import Candidate
from scriptkit.optimizing.contest import winner
from scriptkit.optimizing.optimized_module import OptimizedModule
from scriptkit.optimizing.table import CandidateRow, OptimizationTable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import BinaryIO

    from scriptkit.interleaving import Ratio
    from scriptkit.live.side_by_side import Given


def _refuse(_program: Any, _methods: Any) -> Any:
    raise ScriptkitError("an exported program is no TorchScript")


PORTABLE = Candidate("portable", "the program, run operator by operator", _refuse)
_ALONE = CandidateRow(PORTABLE.name, PORTABLE.what, equal=True, ratio=1.0, low=1.0, high=1.0)
MACHINE_CODE = Candidate("aoti", "machine code for this machine, by AOTInductor", _refuse)


def optimize_exported(m: Any, given: Given) -> OptimizedExported:
    """Compile the programs of an exported module, compare, and keep what is faster; machine code has no gradients."""
    programs: Any = m.module if isinstance(m, LoadedModule) else m
    name = str(getattr(m, "class_name", "") or m.manifest.class_name)
    portable = OptimizedExported(programs, programs.call, PORTABLE, name)
    row = CandidateRow(MACHINE_CODE.name, MACHINE_CODE.what)
    try:
        compiled = _compiled(programs, name)
    except ArtifactError as error:
        row = replace(row, reason=str(error).strip().splitlines()[-1])
        return portable.chosen_of([_ALONE, row])
    expected, found = (_result(one, given) for one in (portable, compiled))
    different = compare(expected, found)
    if different:
        row = replace(row, equal=False, reason=f"the example: {different[0].path}: {different[0].what}")
        return portable.chosen_of([_ALONE, row])
    return _faster(portable, compiled, given)


def _faster(portable: OptimizedExported, compiled: OptimizedExported, given: Given) -> OptimizedExported:
    both = [portable, compiled]
    rows = [CandidateRow(one.variant, one.what, equal=True) for one in both]

    def tell(number: int, ratio: Ratio) -> None:
        rows[number] = rows[number].timed(ratio)

    chosen = both[winner([_call_of(one, given) for one in both], tell)]
    return chosen.chosen_of(rows)


def _result(one: OptimizedExported, given: Given) -> Any:
    args, kwargs = with_fresh_tensors(given)
    with torch.no_grad():
        return one(*args, **kwargs)


def _call_of(one: OptimizedExported, given: Given) -> Callable[[], object]:
    args, kwargs = with_fresh_tensors(given)
    return lambda: one(*args, **kwargs)


def _compiled(programs: Programs, name: str) -> OptimizedExported:
    folder = Path(tempfile.mkdtemp())
    portable, made = folder / "portable.pt2", folder / "compiled.pt2"
    try:
        write_exported(programs, portable, class_name=name, metadata={})
        reports = compile_exported(portable, made)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    names = {number: report.name for number, report in enumerate(reports) if not report.reason}
    running = Programs({}, training=programs.training)
    for number, program in enumerate(programs.all_programs()):
        its = program
        if number in names:
            its = copy.copy(program)
            its.has_gradients = False
            its.module = aoti.machine_code(made, names[number])  # type: ignore[assignment]
        running._by_method().setdefault(its.method, []).append(its)  # noqa: SLF001 - its tensors are the same
    return OptimizedExported(running, running.call, MACHINE_CODE, name, file=made)


class OptimizedExported(OptimizedModule):
    """An exported module as the faster of its programs and their machine code."""

    def __init__(
        self,
        programs: Programs,
        call: Callable[[str, tuple[Any, ...], dict[str, Any]], Any],
        candidate: Candidate,
        class_name: str,
        file: Path | None = None,
    ) -> None:
        self.module = programs  # type: ignore[assignment]
        self.what = candidate.what
        self._candidate, self._class_name, self._file, self._call = candidate, class_name, file, call
        self.table = OptimizationTable(())
        if file is not None:
            weakref.finalize(self, shutil.rmtree, file.parent, ignore_errors=True)
        for name in programs.methods:
            setattr(self, "__scriptkit_forward__" if name == "forward" else name, self._method(name))

    def _method(self, name: str) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            return self._call(name, args, kwargs)

        return run

    def chosen_of(self, rows: list[CandidateRow]) -> OptimizedExported:
        """This one, with the table in which it was chosen."""
        marked = tuple(replace(row, chosen=row.name == self.variant) for row in rows)
        self.table = OptimizationTable(marked, f"{self._class_name}: ratio to the portable program")
        return self

    @property
    def _name(self) -> str:
        return self._class_name

    def save(
        self, path_or_file: str | os.PathLike[str] | BinaryIO, *, metadata: Mapping[str, Any] | None = None
    ) -> None:
        """Write a `.pt2` file: the portable programs, and the machine code where that was kept."""
        if self._file is None:
            write_exported(self.module, path_or_file, class_name=self._class_name, metadata=metadata or {})  # type: ignore[arg-type]
            return
        if metadata:
            raise ArtifactError("a file with machine code keeps the metadata of the portable one: save that with them")
        with self._file.open("rb") as made:
            if isinstance(path_or_file, (str, os.PathLike)):
                write_atomically(os.fspath(path_or_file), lambda stream: shutil.copyfileobj(made, stream))
            else:
                shutil.copyfileobj(made, path_or_file)
