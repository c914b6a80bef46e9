"""One method of a module as a verified program: as it was written, else lowered, else an error that says why.

method, example ── running ──> three calls of the method; state outside of buffers is refused
    └─ ladder ──> what is dynamic ── torch.export ──> program ── verifying ──> MethodProgram
             └─ refused, or different: the next rung; after the last, the next route
"""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from scriptkit import switches
from scriptkit.compiling.exporting import state
from scriptkit.compiling.exporting.asked import (
    asked_axes,
    dynamic_shapes,
    fixed_numbers,
    freer,
    may_be_freer_lowered,
    typed,
)
from scriptkit.compiling.exporting.dimensions import taken
from scriptkit.compiling.exporting.ladder import Ladder
from scriptkit.compiling.exporting.method_module import method_module
from scriptkit.compiling.exporting.refusals import diagnostic_at, is_foreign, place_of
from scriptkit.compiling.exporting.refused import Refused
from scriptkit.compiling.exporting.rewriting.program import lowered_method, with_user_lines
from scriptkit.compiling.exporting.running import CALLS_IN_A_ROW, Original, bound, words
from scriptkit.compiling.exporting.verifying import DifferentError, verify
from scriptkit.engines.export import remarks, torch_names
from scriptkit.engines.export.control_flow import NotCarriedError
from scriptkit.engines.export.convention import Convention, taken_apart
from scriptkit.engines.export.expressions import UnreadableError
from scriptkit.engines.export.free_sizes import Freeing
from scriptkit.engines.export.programs import MethodProgram
from scriptkit.engines.export.remarks import Place
from scriptkit.engines.export.time_limit import TimeLimitError, time_limit
from scriptkit.errors import CompilationError, ExportError
from scriptkit.live.copies import random_states_kept, with_fresh_tensors
from scriptkit.live.nested import build

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from torch import nn

    from scriptkit.compiling.exporting.asked import Dynamic
    from scriptkit.compiling.exporting.ladder import Axes, Rung
    from scriptkit.compiling.exporting.running import Run


_Way = tuple["nn.Module", "Callable[..., Any]"]
"""A module with the tensors of the program, and what is to be called."""


@dataclass(frozen=True)
class Example:
    """A call of one method."""

    method: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


_LONGER = "give it longer (`time_limit=`), or export its parts"
_BY_PARTS = "find the part that differs: `print(scriptkit.readiness(module, example_inputs))`"
_FEWER = "say which dimensions are to be free: `dynamic={'x': [0]}`, or `dynamic=False`"
_MOST_PROGRAMS = 6
_MOST_FLAGS = 2


def export_method(
    module: nn.Module, example: Example, *, dynamic: Dynamic = None, seconds: float | None = None
) -> list[MethodProgram]:
    """Export one method in the mode the module is in; raises ExportError.

    Where a branch on a size leaves the program a part of the sizes only, the method is exported again from a size on
    the other side; and for the other value of a flag. The module is left as it is; the tensors of the programs are the
    module's own.
    """
    first = _Export(module, example, dynamic)
    programs = [first.run(seconds)]
    todo = [*first.other_flags(), *([] if dynamic is False else first.elsewhere)]
    while todo and len(programs) < _MOST_PROGRAMS:
        args, kwargs = todo.pop(0)
        if all(program.fitted(args, kwargs)[1] for program in programs):
            other = _Export(module, Example(example.method, args, kwargs), dynamic)
            try:
                programs.append(other.run(seconds))
            except ExportError:
                continue  # the first program says where its sizes end
            todo += other.elsewhere
    return programs


class _Export:
    def __init__(self, module: nn.Module, example: Example, dynamic: Dynamic) -> None:
        self.module = module
        self.example = example
        self.original = Original(module, example.method)
        self.name = type(module).__name__
        self.refused = Refused(module, example.method)
        self.convention = self._convention()
        self.values = self.convention.leaves(example.args, example.kwargs)[0]
        self.asked = asked_axes(self.convention, self.values, dynamic)
        self.notes: list[str] = []
        self.seconds: float | None = None
        self.elsewhere: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
        self.elsewhere_of: dict[int, list[tuple[tuple[Any, ...], dict[str, Any]]]] = {}

    def _convention(self) -> Convention:
        try:
            return Convention.of(getattr(self.module, self.example.method), self.example.args, self.example.kwargs)
        except TypeError as error:
            raise ExportError(f"{self.name}.{self.example.method} cannot be exported: {error}") from error

    def run(self, seconds: float | None) -> MethodProgram:
        self.seconds = seconds
        rows = self._rows()
        routes: tuple[tuple[str, Callable[[], _Way]], ...] = (
            ("exported", self._as_written),
            ("lowered", lambda: self._lowered(numbers=False)),
            ("lowered", lambda: self._lowered(numbers=True)),
        )
        best = self._best(None, routes, rows, lambda made: not may_be_freer_lowered(made))
        if best is not None and self._may_be_free(best):
            of_numbers = tuple(
                ("lowered", functools.partial(self._lowered, numbers=numbers, has_free_numbers=True))
                for numbers in (False, True)
            )
            best = self._best(best, of_numbers, rows, lambda made: not self._may_be_free(made))
        if best is None:
            raise self.refused.error()
        self.elsewhere = self.elsewhere_of[id(best)]
        return best

    def _may_be_free(self, program: MethodProgram) -> bool:
        """Whether a number that was asked to be free is part of the program: it counts the rounds of a loop."""
        names = {self.convention.names[axis[0]] for axis in self.asked if len(axis) == 1}
        return any(one.name in names for one in fixed_numbers(program))

    def _best(
        self,
        best: MethodProgram | None,
        routes: tuple[tuple[str, Callable[[], _Way]], ...],
        rows: Sequence[Run],
        is_enough: Callable[[MethodProgram], bool],
    ) -> MethodProgram | None:
        for route, make in routes:
            try:
                with time_limit(self.seconds):
                    made = self._by(route, make(), rows)
            except TimeLimitError as error:
                self.refused.whole(route, str(error), _LONGER)
                continue
            except CompilationError as error:
                self.refused.not_lowered(route, error)
                break
            except Exception as error:  # noqa: BLE001 - the other ways are still open
                self.refused.unforeseen(route, error)
                continue
            best = freer(best, made)
            if best is not None and is_enough(best):
                break
        return best

    # ---- the method itself

    def _rows(self) -> list[Run]:
        """Three calls in a row, as Python; refuses what they show to have state that no program carries."""
        module = self.original.copy()
        rows, copies = [], []
        for _ in range(CALLS_IN_A_ROW):
            rows.append(self.original.run_on(module, self.example.args, self.example.kwargs))
            if rows[-1].error is not None:
                raise ExportError(
                    f"{self.name}.{self.example.method} raises on the example inputs: {words(rows[-1].error)}"
                ) from rows[-1].error
            copies.append(Original(module, self.example.method).copy())
        self._refuse_state(copies)
        if rows[0].changed:
            self._refuse_change(rows[0].changed)
        return rows

    def _refuse_change(self, name: str) -> None:
        """A program has inputs and outputs: what the caller holds stays as it is."""
        counts = lambda path: not is_foreign(path)  # noqa: E731 - what a line of the model is
        place = self.original.line_of_change(self.example.args, self.example.kwargs, counts)
        message = (
            f"{self.example.method} changes '{name}', which is the caller's, and no program changes what it is given"
        )
        way_out = "work on a copy (`list(xs)`, `dict(d)`), and return what is new"
        found = diagnostic_at(
            Place(*(place or ("", 0))), message, way_out, class_name=self.name, method=self.example.method
        )
        raise ExportError(f"{self.name}.{self.example.method} cannot be exported: {message}: {way_out}", [found])

    def _refuse_state(self, copies: Sequence[nn.Module]) -> None:
        for path, name in state.changed(copies[0], copies[-1]):
            told_name = state.spoken(path, name)
            if state.is_read(self.module, path, name):
                method = self.example.method
                message = f"{told_name} changes from call to call and is no buffer"
                way_out = "register one (`self.register_buffer`), and write it in place"
                place = state.place_of_write(self.module, path, name) or Place("", 0)
                found = diagnostic_at(place, message, way_out, class_name=self.name, method=method)
                raise ExportError(f"{self.name}.{method} cannot be exported: {message}: {way_out}", [found])
            self.notes.append(f"{told_name} is written by each call and read by none: it is not in the program")

    # ---- the ways

    def _as_written(self) -> _Way:
        return self.module, bound(self.module, self.example.method)

    def _lowered(self, *, numbers: bool, has_free_numbers: bool = False) -> _Way:
        example = self.example
        with switches.eager():
            return lowered_method(
                self.module,
                example.method,
                example.args,
                example.kwargs,
                numbers=numbers,
                has_free_numbers=has_free_numbers,
            )

    def _by(self, route: str, way: _Way, rows: Sequence[Run]) -> MethodProgram | None:
        ladder = Ladder(self.convention, self.original, self.values, self.asked)
        for rung in ladder.rungs():
            freeing = Freeing(is_on=rung.is_freeing)
            try:
                return self._made(self._exported(route, way, rung, rows[0], freeing), rows)
            except Exception as error:  # noqa: BLE001 - torch.export fails with anything
                if freeing.was_used:  # what the functions of torch say of this rung counts
                    ladder.plainly(rung)
                elif not self._goes_on(route, error, ladder, rung):
                    break
        return None

    def _made(self, made: MethodProgram, rows: Sequence[Run]) -> MethodProgram:
        """A program that gives what the method gives."""
        verdict = verify(made, self.original, self.example.args, self.example.kwargs, rows)
        self.elsewhere_of[id(made)] = verdict.elsewhere
        made.notes = (*self.notes, *(f"refuses {limit}" for limit in verdict.limits))
        made.has_gradients = verdict.records_gradients and not verdict.no_gradients
        made.loses_gradients = bool(verdict.no_gradients)
        if verdict.no_gradients:
            made.notes += (f"is for inference only, its gradients: {verdict.no_gradients}",)
        return made

    def _goes_on(self, route: str, error: Exception, ladder: Ladder, rung: Rung) -> bool:
        """Note why a rung led nowhere; False where no other one of this way can."""
        if isinstance(error, DifferentError):
            self.refused.whole(route, f"its program differs on {error}", _BY_PARTS)
            ladder.without(rung, frozenset(error.axes) or self._ones(rung))
        elif isinstance(error, UnreadableError):
            self.refused.whole(route, f"no file can tell the condition {error}", _FEWER)
        else:
            self.refused.raised(route, error)
        return not torch_names.is_data_dependent(error)

    def _ones(self, rung: Rung) -> Axes:
        """The dimensions that were widened for the export: the program may have to know that they are 1."""
        return frozenset(
            (number, place)
            for number, (wide, value) in enumerate(zip(rung.values, self.values, strict=True))
            if isinstance(wide, torch.Tensor)
            for place in range(wide.dim())
            if wide.shape[place] != value.shape[place]
        )

    def _exported(self, route: str, way: _Way, rung: Rung, first: Run, freeing: Freeing) -> MethodProgram:
        wrapped = method_module(*way, self.convention)
        values = with_fresh_tensors(list(rung.values))
        args, kwargs = self.convention.program_arguments(values)
        shapes = dynamic_shapes(self.convention, values, rung.axes)
        with remarks.listening(place_of) as notes, random_states_kept(), switches.eager():
            try:
                with torch.enable_grad():
                    program = torch_names.export(wrapped, args, kwargs, shapes, freeing)
            except Exception as error:
                if route == "exported" or isinstance(error, NotCarriedError):
                    raise
                notes.clear()
                with torch.no_grad():  # not every operator can be traced with gradients on
                    program = torch_names.export(wrapped, args, kwargs, shapes, freeing)
        torch_names.change_traces(program, with_user_lines)
        found = taken(program, self.convention, rung.values, notes, rung.axes)
        return MethodProgram(
            method=self.example.method,
            program=program,
            convention=self.convention,
            result=typed(*reversed(taken_apart(first.result))),
            inputs=tuple(found.inputs),
            guards=tuple(found.guards),
            training=self.module.training,
            route=route,
            example=tuple(self.values),
        )

    def other_flags(self) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
        """The same call with the other values of its flags, where the method takes it."""
        flags = [number for number, value in enumerate(self.values) if type(value) is bool]
        if len(flags) > _MOST_FLAGS:
            return
        for chosen in itertools.product((False, True), repeat=len(flags)):
            values = list(self.values)
            for number, value in zip(flags, chosen, strict=True):
                values[number] = value
            args, kwargs = build(self.convention.structure, values)
            if (
                chosen != tuple(self.values[number] for number in flags)
                and self.original.run(args, kwargs).error is None
            ):
                yield args, kwargs
