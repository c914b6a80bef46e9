"""What was chosen for each submodule, and why: the rows of `report()`."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Literal

from scriptkit.tables import Table, Tabular

if TYPE_CHECKING:
    from collections.abc import Mapping

Mode = Literal["script", "lowered", "trace", "exported", "eager", "pending"]


@dataclass(frozen=True)
class ReportRow:
    """One submodule: where it is, what it is, how it runs, and why.

    `assumptions` are what a trace or a lowered program takes for granted.
    """

    path: str
    class_name: str
    mode: Mode
    reason: str
    assumptions: tuple[str, ...] = ()


@dataclass(frozen=True)
class CompileReport(Tabular):
    """How a module runs; `str()` draws a tree, `as_json()` is for tools.

    `eager_calls` counts, by reason, the calls of the module that ran its Python code.
    """

    rows: tuple[ReportRow, ...]
    eager_calls: Mapping[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        lines = [self._line(row) for row in self.rows]
        width = max((len(text) for text, _ in lines), default=0)
        drawn = [f"{text:<{width}}  {row.mode:<8} {row.reason}".rstrip() for text, row in lines]
        drawn += [f"{count} calls ran eagerly: {reason}" for reason, count in self.eager_calls.items()]
        return "\n".join(drawn)

    def _line(self, row: ReportRow) -> tuple[str, ReportRow]:
        depth = row.path.count(".") + 1 if row.path else 0
        name = row.path.rsplit(".", 1)[-1] or "(root)"
        return f"{'  ' * depth}{name}: {row.class_name}", row

    def as_table(self) -> Table:
        """One line for each submodule."""
        cells = [(self._line(row)[0], row.mode, row.reason) for row in self.rows]
        cells += [("", "eager", f"{count} calls ran eagerly: {why}") for why, count in self.eager_calls.items()]
        return Table(("module", "mode", "reason"), tuple(cells))

    def as_json(self) -> str:
        """The report as one JSON object."""
        return json.dumps({"rows": [asdict(row) for row in self.rows], "eager_calls": dict(self.eager_calls)}, indent=2)
