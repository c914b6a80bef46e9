"""Archived code as text that can be cut, edited and joined without losing its debug records."""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from scriptkit.artifact.debug_records import Mark, Origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_NOWHERE = Origin("", "", 0, 0, 0)


class Edit(NamedTuple):
    """Replace the bytes from `start` to `end`."""

    start: int
    end: int
    new: bytes


class Code(NamedTuple):
    """A piece of archived code and its debug records, whose offsets count from its beginning."""

    text: bytes
    marks: tuple[Mark, ...]

    def part(self, start: int, end: int) -> Code:
        """The bytes from `start` to `end`, with the records that hold there."""
        first = max(bisect_right(self.marks, start, key=_offset) - 1, 0)
        held = [mark for mark in self.marks[first:] if mark.offset < end]
        return Code(self.text[start:end], tuple(mark._replace(offset=max(mark.offset - start, 0)) for mark in held))

    def edited(self, edits: Iterable[Edit]) -> Code:
        """The code after all edits, which may not overlap."""
        pieces: list[bytes] = []
        starts, shifts = [0], [0]
        position = 0
        for edit in sorted(edits):
            pieces += [self.text[position : edit.start], edit.new]
            position = edit.end
            starts.append(edit.end)
            shifts.append(shifts[-1] + len(edit.new) - (edit.end - edit.start))
        text = b"".join([*pieces, self.text[position:]])
        moved = (
            mark._replace(offset=mark.offset + shifts[bisect_right(starts, mark.offset) - 1]) for mark in self.marks
        )
        return Code(text, tuple(moved))

    def lines(self) -> list[Code]:
        """The code cut after every line break."""
        return self.cut([position + 1 for position, byte in enumerate(self.text) if byte == ord("\n")])

    def cut(self, positions: Sequence[int]) -> list[Code]:
        """The pieces between the positions."""
        bounds = sorted({0, len(self.text), *positions})
        return [self.part(start, end) for start, end in pairwise(bounds)]


def joined(pieces: Iterable[Code]) -> Code:
    """The pieces one after another."""
    text = bytearray()
    marks: list[Mark] = []
    for piece in pieces:
        marks += [mark._replace(offset=mark.offset + len(text)) for mark in piece.marks or (Mark(0, _NOWHERE, 0),)]
        text += piece.text
    return Code(bytes(text), tuple(marks))


def _offset(mark: Mark) -> int:
    return mark.offset
