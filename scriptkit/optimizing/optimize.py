"""`scriptkit.optimize`: the fastest program that is equal, found by measuring."""

from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.artifact.loaded import LoadedModule
from scriptkit.artifact.prepared import FUSION
from scriptkit.artifact.reading import load
from scriptkit.engines.export.programs import Programs
from scriptkit.engines.torchscript.engine import files, making
from scriptkit.engines.torchscript.engine.thread import LOCK
from scriptkit.example_calls import example_call
from scriptkit.live.comparison import Tolerance
from scriptkit.live.copies import with_fresh_tensors
from scriptkit.live.lives import OwnTensors
from scriptkit.live.undoing import nothing_left
from scriptkit.optimizing.candidates import BFLOAT16, CANDIDATES, PLAIN, Candidate, NotApplicableError
from scriptkit.optimizing.comparing import Expectation, difference, example_of
from scriptkit.optimizing.contest import winner
from scriptkit.optimizing.optimized_module import OptimizedModule
from scriptkit.optimizing.subject import Subject
from scriptkit.optimizing.table import CandidateRow, OptimizationTable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from typing import BinaryIO

    from torch import nn

    from scriptkit.interleaving import Ratio
    from scriptkit.live.side_by_side import Given


def optimize(
    m_or_path: nn.Module | LoadedModule | str | os.PathLike[str] | BinaryIO,
    example_inputs: Sequence[Any] | None = None,
    *,
    example_kwargs: Mapping[str, Any] | None = None,
    rtol: float | None = None,
    atol: float | None = None,
    bfloat16: bool = False,
) -> OptimizedModule:
    """The fastest of several programs for inference that are equal to a module, or to the model of a file.

    Each is built on a copy, compared with eager code on the example inputs and on other values and sizes, and timed in
    turn with plain script, on as many threads as torch has now. One that is not equal, or does not win, is not kept:
    the table says why. Without example inputs those that the class declares, or that a file was saved with, are used.

    Without `rtol` and `atol`, results may be apart as rounding is, measured by the largest element of each. With one of
    them, and `bfloat16`, a program that computes in bfloat16 is among the candidates.

    Raises:
        ValueError: nothing says what to call the module with, or how far apart results in bfloat16 may be.
        ScriptkitError: the module is not compiled yet, or the file is refused.
        Exception: whatever the module itself raises for the example inputs.
    """
    m = _opened(m_or_path)
    given = example_call(m, example_inputs, example_kwargs, "optimize")
    tolerance = None if rtol is None and atol is None else Tolerance(rtol, atol)
    if bfloat16 and tolerance is None:
        raise ValueError("bfloat16 has 8 bits of precision: `rtol` or `atol` has to say how far apart results may be")
    if isinstance(getattr(m, "module", m), Programs):
        from scriptkit.optimizing.exported import optimize_exported  # few need the second engine

        return optimize_exported(m, given)
    subject = Subject(m)
    with LOCK, nothing_left(subject.module, given=given), torch.no_grad():
        candidates = (*CANDIDATES, BFLOAT16) if bfloat16 else CANDIDATES
        return _Optimization(subject, given, tolerance, candidates).result()


def _opened(m_or_path: Any) -> Any:
    if isinstance(m_or_path, (torch.nn.Module, LoadedModule)):
        return m_or_path
    if isinstance(m_or_path, (str, os.PathLike)) or hasattr(m_or_path, "read"):
        return load(m_or_path, strict=False)
    raise TypeError(f"`optimize` takes a module or the path of a model file, not a {type(m_or_path).__name__}")


class _Optimization:
    """One search: the rows of the table, and the programs that are equal."""

    def __init__(
        self, subject: Subject, given: Given, tolerance: Tolerance | None, candidates: Sequence[Candidate]
    ) -> None:
        self.subject, self.given, self.tolerance, self.candidates = subject, given, tolerance, candidates
        self.rows: dict[str, CandidateRow] = {}
        self.equal: dict[str, torch.jit.ScriptModule] = {}
        self.tensors: dict[str, OwnTensors] = {}

    def result(self) -> OptimizedModule:
        """Try every candidate, time those that are equal, and keep the fastest."""
        expectation = Expectation(self.subject.eager, example_of(self.given), self.subject.methods)
        for candidate in self.candidates:
            self.rows[candidate.name] = self._tried(candidate, expectation)
        chosen = self._fastest()
        self.rows[chosen.name] = replace(self.rows[chosen.name], chosen=True)
        title = f"{self.subject.class_name}: ratio to plain script, {torch.get_num_threads()} thread(s)"
        return OptimizedModule(
            self._running(chosen),
            lambda: self._made(chosen, chosen.kept or chosen.make),
            (chosen, OptimizationTable(tuple(self.rows.values()), title)),
            (self.subject, self.given, self.tolerance),
        )

    def _tried(self, candidate: Candidate, expectation: Expectation) -> CandidateRow:
        row = CandidateRow(candidate.name, candidate.what)
        if expectation.unlike and candidate is not PLAIN:
            return replace(row, reason=f"nothing can be compared: {expectation.unlike}")
        try:
            with _switched(candidate):
                program = self._made(candidate, candidate.make)
                found = "" if expectation.unlike else difference(program, expectation, self.tolerance)
        except NotApplicableError as error:
            return replace(row, reason=str(error))
        except Exception as error:  # noqa: BLE001 - what torch cannot do to a program is told in the table
            return replace(row, reason=f"torch cannot make it: {_first_line(error)}")
        if candidate is PLAIN or not found:
            self.equal[candidate.name] = program
        if expectation.unlike:
            return replace(row, reason=f"nothing can be compared: {expectation.unlike}")
        return replace(row, equal=not found, reason=found)

    def _made(self, candidate: Candidate, make: Any) -> torch.jit.ScriptModule:
        own = self.tensors[candidate.name] = OwnTensors()
        made: torch.jit.ScriptModule = make(self.subject.program(own), self.subject.methods)
        return made

    def _fastest(self) -> Candidate:
        candidates = [one for one in self.candidates if one.name in self.equal]
        candidates.sort(key=lambda one: one is not PLAIN)
        contenders = [self._call_of(self.equal[one.name]) for one in candidates]

        def tell(number: int, ratio: Ratio) -> None:
            name = candidates[number].name
            self.rows[name] = self.rows[name].timed(ratio)

        return candidates[winner(contenders, tell)]

    def _call_of(self, program: torch.jit.ScriptModule) -> Callable[[], object]:
        args, kwargs = with_fresh_tensors(self.given)
        method = files.bound_method(program, "forward")
        return lambda: method(*args, **kwargs)

    def _running(self, chosen: Candidate) -> torch.jit.ScriptModule:
        """The program as it was at the start: the trials may have written its state."""
        if not self.subject.assigns_attributes and self.tensors[chosen.name].are_unwritten():
            return self.equal[chosen.name]
        return self._made(chosen, chosen.make)


def _switched(candidate: Candidate) -> AbstractContextManager[None]:
    return making.fusing_with_onednn() if FUSION in candidate.switches else nullcontext()


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0][:160]}" if lines else type(error).__name__
