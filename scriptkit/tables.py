"""A table of words: as text, drawn by rich, and in a notebook."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table as RichTable


@dataclass(frozen=True)
class Table:
    """Headings, and a row of cells for each thing told; `numbers` are the headings whose cells stand to the right."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    title: str = ""
    numbers: frozenset[str] = frozenset()

    def __str__(self) -> str:
        lines = [self.headings, *self.rows]
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.headings))]
        drawn = ["  ".join(self._padded(line, widths)).rstrip() for line in lines]
        return "\n".join([*filter(None, [self.title]), *drawn])

    def _padded(self, line: Sequence[str], widths: Sequence[int]) -> list[str]:
        cells = zip(self.headings, line, widths, strict=True)
        return [f"{cell:>{width}}" if heading in self.numbers else f"{cell:<{width}}" for heading, cell, width in cells]

    def __rich__(self) -> RichTable:
        from rich.markup import escape
        from rich.table import Table as RichTable

        table = RichTable(title=escape(self.title) or None, title_justify="left")
        for heading in self.headings:
            table.add_column(escape(heading), justify="right" if heading in self.numbers else "left")
        for row in self.rows:
            table.add_row(*map(escape, row))
        return table

    def as_html(self) -> str:
        """The table as HTML, for notebooks and pages."""
        head = "".join(f"<th>{html.escape(heading)}</th>" for heading in self.headings)
        body = "".join(f"<tr>{self._cells_as_html(row)}</tr>" for row in self.rows)
        title = f"<caption>{html.escape(self.title)}</caption>" if self.title else ""
        return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def _cells_as_html(self, row: Sequence[str]) -> str:
        styles = [' style="text-align:right"' if heading in self.numbers else "" for heading in self.headings]
        cells = zip(row, styles, strict=True)
        # the indentation of a tree is spaces, which HTML would drop
        return "".join(
            f'<td{style}><span style="white-space:pre-wrap">{html.escape(c)}</span></td>' for c, style in cells
        )


class Tabular:
    """Something that displays itself as a table where there is one: on a terminal by rich, in a notebook as HTML."""

    def as_table(self) -> Table:
        """What is told, as a table."""
        raise NotImplementedError

    def __rich__(self) -> RichTable:
        return self.as_table().__rich__()

    def _repr_html_(self) -> str:
        return self.as_table().as_html()
