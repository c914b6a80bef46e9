"""What `bench` tells: each form, how fast it is beside eager, its first call, and the memory of a call."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from scriptkit.tables import Table, Tabular

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.interleaving import Ratio

_UNITS = (("s", 1.0), ("ms", 1e3), ("µs", 1e6))
_BYTES = ("B", "kB", "MB", "GB")
_STEP = 1000


@dataclass(frozen=True)
class BenchRow:
    """One form on a number of threads; times in seconds, memory in bytes; None where it does not exist.

    `ratio` is how many times as fast as the first form it is, the median of interleaved rounds, `low` and `high` their
    middle half. `first` is the first call, `call` a warm one, `memory` how far the process grew at most while the form
    was made and first called. `reason` says why a form does not exist, and which variant an optimised one is.
    """

    form: str
    threads: int
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    first: float | None = None
    call: float | None = None
    memory: int | None = None
    reason: str = ""

    def timed(self, ratio: Ratio, call: float) -> BenchRow:
        """The same with what the rounds said."""
        return replace(self, ratio=ratio.value, low=ratio.low, high=ratio.high, call=call)


@dataclass(frozen=True)
class BenchReport(Tabular):
    """The rows of `bench`; `str()` is text, `as_json()` is for tools, and rich draws it."""

    rows: tuple[BenchRow, ...]
    class_name: str = ""

    def __iter__(self) -> Iterator[BenchRow]:
        return iter(self.rows)

    def __getitem__(self, form: str) -> BenchRow:
        """The first row of a form; raises KeyError for one that was not measured."""
        for row in self.rows:
            if row.form == form:
                return row
        raise KeyError(form)

    @property
    def baseline(self) -> str:
        """The form that the ratios are to: eager, where there is Python."""
        return next((row.form for row in self.rows if row.ratio is not None), "")

    def __str__(self) -> str:
        return str(self.as_table())

    def as_table(self) -> Table:
        """One line for each form."""
        numbers = ("threads", f"ratio to {self.baseline}", "middle half", "call", "first call", "memory")
        return Table(("form", *numbers, ""), tuple(map(_cells, self.rows)), self.class_name, frozenset(numbers))

    def as_json(self) -> str:
        """A list of rows."""
        return json.dumps([asdict(row) for row in self.rows], indent=2)


def _cells(row: BenchRow) -> tuple[str, ...]:
    if row.ratio is None:
        return (row.form, str(row.threads), "", "", "", "", "", row.reason)
    memory = "" if row.memory is None else _as_bytes(row.memory)
    spread = f"{row.low:.2f} - {row.high:.2f}"
    return row.form, str(row.threads), f"{row.ratio:.2f}", spread, _time(row.call), _time(row.first), memory, row.reason


def _time(seconds: float | None) -> str:
    if seconds is None:
        return ""
    unit, factor = next((one for one in _UNITS if seconds * one[1] >= 1), _UNITS[-1])
    return f"{seconds * factor:.3g} {unit}"


def _as_bytes(count: int) -> str:
    size, unit = float(count), 0
    while size >= _STEP and unit < len(_BYTES) - 1:
        size, unit = size / _STEP, unit + 1
    return f"{size:.3g} {_BYTES[unit]}"
