"""Apply edits to a text: only the characters they name change, every other byte stays, line ends and form feeds too."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scriptkit.fixing.fix import Edits
    from scriptkit.language.source_text import Span

_LINE = re.compile(r"([^\r\n]*)(\r\n|\r|\n|$)")
_INDENT = re.compile(r"[ \t\f]*")
_DEFAULT = re.compile(r"[ \t]*=(?!=)[ \t]*")
_CONTINUED = ("elif", "else", "except", "finally", "case")


class Change(NamedTuple):
    """Replace what stands between two places, which count lines from 1 and characters of a line from 1."""

    line: int
    column: int
    end_line: int
    end_column: int
    new: str


class Text:
    """The lines of a text, as Python counts them, each with its own end."""

    def __init__(self, text: str) -> None:
        found = [(match[1], match[2]) for match in _LINE.finditer(text) if match[0]]
        self.lines = [line for line, _ in found]
        self.ends = [end for _, end in found]

    def __str__(self) -> str:
        return "".join(line + end for line, end in zip(self.lines, self.ends, strict=True))

    def normal(self) -> str:
        """The text with a line feed at the end of every line, as it is analysed."""
        return "".join(line + ("\n" if end else "") for line, end in zip(self.lines, self.ends, strict=True))

    def changed(self, changes: Iterable[Change]) -> Text | None:
        """The text after all changes; None where two of them meet."""
        lines, ends = list(self.lines), list(self.ends)
        before: tuple[int, int] | None = None
        for change in sorted(set(changes), reverse=True):
            if before is not None and (change.end_line, change.end_column) > before:
                return None
            before = (change.line, change.column)
            _make(change, lines, ends)
        changed = Text("")
        changed.lines, changed.ends = lines, ends
        return changed


def _make(change: Change, lines: list[str], ends: list[str]) -> None:
    first, last = change.line - 1, change.end_line - 1
    start, rest = lines[first][: change.column - 1], lines[last][change.end_column - 1 :]
    new = (start + change.new + rest).split("\n")
    # what is inserted ends as the line it is inserted before
    end = ends[first] or next((end for end in reversed(ends) if end), "\n")
    lines[first : last + 1] = new
    ends[first : last + 1] = [end] * (len(new) - 1) + [ends[last]]


def changes(text: Text, edits: Edits) -> list[Change] | None:
    """The changes that make these edits; None where one of them cannot be made."""
    made: list[Change | None] = [
        _replaced(span, new) for span, new in (edits.expressions | edits.keywords | edits.targets).items()
    ]
    made += [_annotated(text, span, new) for span, new in edits.annotations.items()]
    made += [_inserted(text, line, new) for line, new in edits.before.items()]
    possible = [change for change in made if change is not None]
    return possible if len(possible) == len(made) else None


def _replaced(span: Span, new: str) -> Change:
    return Change(span.line, span.column, span.end_line, span.end_column, new)


def _annotated(text: Text, span: Span, new: str) -> Change:
    """`: int` behind the name, and blanks round the `=` of what had none."""
    end = span.end_column - 1
    default = _DEFAULT.match(text.lines[span.end_line - 1], end)
    stop, spaced = (default.end(), " = ") if default is not None else (end, "")
    return Change(span.end_line, end + 1, span.end_line, stop + 1, f": {new}{spaced}")


def _inserted(text: Text, line: int, statement: str) -> Change | None:
    """A statement on a line of its own, before the one that begins a line; None where nothing may stand before that."""
    content = text.lines[line - 1]
    indent = _INDENT.match(content)
    width = indent.end() if indent is not None else 0
    if content[width:].startswith(_CONTINUED):
        return None
    blanks = content[:width]
    return Change(line, width + 1, line, width + 1, f"{statement}\n{blanks.rpartition(chr(12))[2]}")
