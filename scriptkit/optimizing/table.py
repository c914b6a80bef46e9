"""What `optimize` tells: every candidate, whether it is equal, how fast it is beside plain script, and why not."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from scriptkit.tables import Table, Tabular

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.interleaving import Ratio


@dataclass(frozen=True)
class CandidateRow:
    """One candidate.

    `equal` is None where nothing could be compared. `ratio` is how many times as fast as plain script it is, the median
    of interleaved rounds, `low` and `high` their middle half; None where it was not timed. `reason` says why not.
    """

    name: str
    what: str
    equal: bool | None = None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str = ""
    chosen: bool = False

    def timed(self, ratio: Ratio) -> CandidateRow:
        """The same with what the rounds said."""
        figures = {"ratio": ratio.value, "low": ratio.low, "high": ratio.high}
        return CandidateRow(**{**asdict(self), **figures})


@dataclass(frozen=True)
class OptimizationTable(Tabular):
    """The rows of `optimize`; `str()` is text, `as_json()` is for tools, and rich draws it."""

    rows: tuple[CandidateRow, ...]
    title: str = ""

    def __iter__(self) -> Iterator[CandidateRow]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, name: str) -> CandidateRow:
        """The row of a candidate; raises KeyError for a name that is none."""
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(name)

    def __str__(self) -> str:
        return str(self.as_table())

    def as_table(self) -> Table:
        """One line for each candidate; the chosen one has a mark."""
        rows = tuple(
            (
                f"{'*' if row.chosen else ' '} {row.name}",
                {True: "yes", False: "no", None: ""}[row.equal],
                "" if row.ratio is None else f"{row.ratio:.2f}",
                "" if row.low is None else f"{row.low:.2f} - {row.high:.2f}",
                row.reason or row.what,
            )
            for row in self.rows
        )
        headings = ("candidate", "equal", "ratio", "middle half", "what it is, or why not")
        return Table(headings, rows, self.title, frozenset({"ratio", "middle half"}))

    def as_json(self) -> str:
        """A list of rows."""
        return json.dumps([asdict(row) for row in self.rows], indent=2)
