"""The one value every door reports: what is wrong, where, why, and what to write instead."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Severity = Literal["error", "warning"]


@dataclass(frozen=True, order=True)
class Label:
    """A few words under a stretch of source; lines and columns count from 1, the end column is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int
    text: str


@dataclass(frozen=True)
class Diagnostic:
    """One mistake: the message is understandable alone, the labels draw it, the help says what to do.

    Lines and columns count from 1 and columns count characters, not bytes; the end column is exclusive.
    """

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    code: str
    name: str
    message: str
    severity: Severity = "error"
    label: str = ""
    secondary: tuple[Label, ...] = ()
    note: str = ""
    help: str = ""
    suggestion: str = ""
    class_name: str = ""
    method: str = ""

    @property
    def primary(self) -> Label:
        """The place of the diagnostic as a label."""
        return Label(self.line, self.column, self.end_line, self.end_column, self.label)

    def one_line(self) -> str:
        """`message; help`, as an editor shows it."""
        return f"{self.message}; {self.help}" if self.help else self.message


def in_source_order(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Sort by file and place; the same finding twice is one finding."""
    return sorted(dict.fromkeys(diagnostics), key=lambda d: (d.path, d.line, d.column, d.code, d.message))


def as_json(diagnostics: Iterable[Diagnostic]) -> str:
    """A list of objects with the fields of `Diagnostic`."""
    return json.dumps([asdict(d) for d in diagnostics], indent=2)


def render_all(diagnostics: Iterable[Diagnostic], source_of: Callable[[str], str | None]) -> str:
    """Every diagnostic drawn over its source, an empty line between two of them."""
    return "\n\n".join(render(d, source_of(d.path)) for d in diagnostics)


def render(diagnostic: Diagnostic, source: str | None) -> str:
    """Draw a diagnostic: header, the user's lines with labels, then note, help and suggestion.

    Without source text, or where the text no longer has that line, the frame is left out.
    """
    lines = (source or "").splitlines()
    labels = [label for label in sorted((diagnostic.primary, *diagnostic.secondary)) if 0 < label.line <= len(lines)]
    width = len(str(max((label.line for label in labels), default=diagnostic.line)))
    return "\n".join(
        [
            f"{diagnostic.severity}[{diagnostic.code}]: {diagnostic.message}",
            *_arrow(diagnostic, width),
            *_frame(labels, diagnostic.primary, lines, width),
            *_footer(diagnostic, width),
        ],
    )


def _arrow(diagnostic: Diagnostic, width: int) -> Iterator[str]:
    if diagnostic.path != "<unknown>":  # a class that stands in no file has no line to show
        yield f"{'':{width}}--> {diagnostic.path}:{diagnostic.line}:{diagnostic.column}"


def _frame(labels: list[Label], primary: Label, lines: list[str], width: int) -> Iterator[str]:
    previous = 0
    for line, group in groupby(labels, key=lambda label: label.line):
        if previous and line > previous + 1:
            yield "..."
        text = lines[line - 1]
        yield f"{line:{width}} | {text}"
        for label in group:
            mark = "^" if label == primary else "-"
            end = label.end_column if label.end_line == line else len(text) + 1
            yield f"{'':{width}} | {'':{label.column - 1}}{mark * max(1, end - label.column)} {label.text}".rstrip()
        previous = line


def _footer(diagnostic: Diagnostic, width: int) -> Iterator[str]:
    if diagnostic.note:
        yield f"{'':{width}} = note: {diagnostic.note}"
    if diagnostic.help:
        yield f"{'':{width}} = help: {diagnostic.help}"
    for line in diagnostic.suggestion.splitlines():
        yield f"{'':{width}}     {line}"
