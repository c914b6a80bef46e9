"""From lines and columns of diagnostics to positions of an editor, and back.

Diagnostics count lines and characters from 1; editors count from 0, in units of the encoding that they agreed on:
UTF-16 unless the editor offers another one. Lines end as Python counts them: a form feed ends none.
"""

from __future__ import annotations

from lsprotocol import types

from scriptkit.fixing.editing import Change, Text

_UNITS = {"utf-8": 1, "utf-16": 2, "utf-32": 4}


class Positions:
    """The positions in one text."""

    def __init__(self, text: str, encoding: str = "utf-16") -> None:
        self._text = Text(text)
        self._name = f"{encoding}-le" if encoding != "utf-8" else encoding
        self._unit = _UNITS[encoding]

    @property
    def lines(self) -> list[str]:
        """The lines, without their ends."""
        return self._text.lines

    def at(self, line: int, column: int) -> types.Position:
        """The position of a line and column; one that the text does not have is moved to the nearest it has."""
        number = min(max(line, 1), max(len(self.lines), 1))
        text = self.lines[number - 1] if self.lines else ""
        if line > len(self.lines) and self._ends_with_a_line():
            return types.Position(len(self.lines), 0)
        return types.Position(number - 1, self._units(text[: max(column, 1) - 1]))

    def range(self, line: int, column: int, end_line: int, end_column: int) -> types.Range:
        """The range between two places."""
        return types.Range(self.at(line, column), self.at(end_line, end_column))

    def place(self, position: types.Position) -> tuple[int, int]:
        """The line and column of a position."""
        text = self.lines[position.line] if position.line < len(self.lines) else ""
        units = text.encode(self._name, "surrogatepass")[: position.character * self._unit]
        return position.line + 1, len(units.decode(self._name, "ignore")) + 1

    def edit(self, change: Change) -> types.TextEdit:
        """A change of the text, with the line ends of the text."""
        ends = self._text.ends
        end = next((one for one in ends if one), "\n")
        place = self.range(change.line, change.column, change.end_line, change.end_column)
        return types.TextEdit(place, change.new.replace("\n", end))

    def whole(self) -> types.Range:
        """The range of the whole text."""
        last = self.lines[-1] if self.lines else ""
        if self._ends_with_a_line():
            return types.Range(types.Position(0, 0), types.Position(len(self.lines), 0))
        return types.Range(types.Position(0, 0), types.Position(max(len(self.lines) - 1, 0), self._units(last)))

    def _ends_with_a_line(self) -> bool:
        return bool(self.lines) and bool(self._text.ends[-1])

    def _units(self, text: str) -> int:
        return len(text.encode(self._name, "surrogatepass")) // self._unit
