"""The levels of the package as a picture: one band for each level, one box for each room, imports go down."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

WIDTH, BAND, GAP, BOX, LETTER, LEFT = 860, 52, 10, 30, 7.8, 96
STYLE = "text{font:13px ui-monospace,monospace;fill:#1f2328}.level{font-family:sans-serif;fill:#57606a}"


def picture(levels: Sequence[Sequence[str]]) -> str:
    """An SVG with the highest level on top."""
    height = len(levels) * (BAND + GAP) + GAP
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">',
        "<title>The levels of scriptkit: a room imports what lies below it</title>",
        f"<style>{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
    ]
    for row, number in enumerate(range(len(levels), 0, -1)):
        lines += _band(GAP + row * (BAND + GAP), number, levels[number - 1])
    return "\n".join([*lines, "</svg>", ""])


def _band(top: int, number: int, rooms: Sequence[str]) -> Iterator[str]:
    place = f'x="{GAP}" y="{top}" width="{WIDTH - 2 * GAP}" height="{BAND}"'
    yield f'<rect {place} rx="6" fill="#f6f8fa" stroke="#d0d7de"/>'
    yield f'<text class="level" x="{2 * GAP}" y="{top + 31}">level {number}</text>'
    space = WIDTH - LEFT - 2 * GAP
    words = sum(len(room) for room in rooms) * LETTER
    padding = min(24.0, (space - words) / len(rooms) - 6)
    x = float(LEFT)
    for room in rooms:
        width = len(room) * LETTER + padding
        box = f'x="{x:.0f}" y="{top + (BAND - BOX) // 2}" width="{width:.0f}" height="{BOX}" rx="4"'
        yield f'<rect {box} fill="#ddf4ff" stroke="#54aeff"/>'
        yield f'<text x="{x + width / 2:.0f}" y="{top + 31}" text-anchor="middle">{escape(room)}</text>'
        x += width + 6
