"""`scriptkit.bench`: every form of a module timed in turn."""

from __future__ import annotations

import statistics
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.artifact.loaded import LoadedModule
from scriptkit.benching.forms import FORMS, USUAL, NoSuchFormError, least_call
from scriptkit.benching.memory import Growth
from scriptkit.benching.report import BenchReport, BenchRow
from scriptkit.errors import ScriptkitError
from scriptkit.example_calls import example_call
from scriptkit.interleaving import Ratio, interleaved
from scriptkit.live.copies import random_states_kept, with_fresh_tensors
from scriptkit.live.undoing import nothing_left
from scriptkit.optimizing.contest import clock
from scriptkit.optimizing.optimized_module import OptimizedModule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from torch import nn

    from scriptkit.live.side_by_side import Given

ROUNDS = 40
_LONGEST_SECONDS = 30.0


def bench(
    m: nn.Module | LoadedModule,
    example_inputs: Sequence[Any] | None = None,
    *,
    example_kwargs: Mapping[str, Any] | None = None,
    forms: Sequence[str] = USUAL,
    threads: int | Sequence[int] | None = None,
    rounds: int = ROUNDS,
) -> BenchReport:
    """How fast a module is as Python, compiled, pinned, saved and loaded, and optimised: in ratios to Python.

    All forms are called in turn, in every round, without gradients, on lives of the module: it is left alone. `forms`
    are of "eager", "compiled", "pinned", "loaded", "optimized" and "exported"; the last takes long, and is measured
    when asked for. `threads` is how many torch may use, one number or several; without it, as many as it uses now.
    Without example inputs those that the class declares, or that a file was saved with, are used.

    Raises:
        ValueError: an unknown form, less than two rounds, no threads, or nothing says what to call the module with.
        Exception: whatever the module itself raises for the example inputs.
    """
    numbers = _numbers(threads)
    unknown = [form for form in forms if form not in FORMS]
    if unknown or isinstance(forms, str):
        raise ValueError(f"`forms` is a list of {', '.join(FORMS)}, not {unknown or forms!r}")
    if rounds < 2:  # noqa: PLR2004 - a spread needs two
        raise ValueError(f"`rounds` is {rounds}: a spread needs two rounds at least")
    given = example_call(m, example_inputs, example_kwargs, "bench")
    module = m.module if isinstance(m, LoadedModule) else m
    name = str(getattr(module, "original_name", type(module).__name__))
    rows: list[BenchRow] = []
    with nothing_left(module, given=given), random_states_kept(), torch.no_grad():
        for number in numbers:
            torch.set_num_threads(number)
            rows += _Bench(m, given, number).rows([form for form in FORMS if form in forms], rounds)
    return BenchReport(tuple(rows), name)


def _numbers(threads: int | Sequence[int] | None) -> list[int]:
    if threads is None:
        return [torch.get_num_threads()]
    found: list[Any] = [threads] if isinstance(threads, int) else list(threads)
    if not found or any(type(one) is not int or one < 1 for one in found):
        raise ValueError(f"`threads` is a number of threads from 1 on, or a list of such, not {threads!r}")
    return found


class _Bench:
    """All forms on one number of threads."""

    def __init__(self, m: Any, given: Given, threads: int) -> None:
        self.m, self.given, self.threads = m, given, threads
        self._variant = ""

    def rows(self, forms: Sequence[str], rounds: int) -> Iterator[BenchRow]:
        """One row for each form; those that exist first make their first calls, then all are timed in turn."""
        calls: dict[str, Callable[[], object]] = {}
        made: dict[str, BenchRow] = {}
        for form in forms:
            row, growth = BenchRow(form, self.threads), Growth()
            try:
                calls[form] = self._call_of(form)
            except NoSuchFormError as error:
                made[form] = replace(row, reason=str(error))
            except ScriptkitError as error:
                made[form] = replace(row, reason=str(error).strip().splitlines()[0])
            else:
                made[form] = replace(row, first=_seconds(calls[form]), memory=growth.most(), reason=self._variant)
        columns = self._timed(calls, rounds)
        for form, column in columns.items():
            ratio = Ratio.of(columns[next(iter(columns))], column)
            made[form] = made[form].timed(ratio, statistics.median(column))
        yield from made.values()

    def _call_of(self, form: str) -> Callable[[], object]:
        made = FORMS[form](self.m, self.given)
        self._variant = made.variant if isinstance(made, OptimizedModule) else ""
        called = least_call(made)
        args, kwargs = with_fresh_tensors(self.given)
        return lambda: called(*args, **kwargs)

    @staticmethod
    def _timed(calls: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, tuple[float, ...]]:
        if not calls:
            return {}
        found = interleaved(list(calls.values()), rounds, clock=clock(), warm_rounds=3, limit=_LONGEST_SECONDS)
        return dict(zip(calls, zip(*found, strict=True), strict=True))


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began
