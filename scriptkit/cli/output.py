"""What `scriptkit check` prints: drawings for people, JSON for tools, annotations for GitHub."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeVar

import click

from scriptkit.diagnostics import as_json, render
from scriptkit.errors import source_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from scriptkit.diagnostics import Diagnostic

T = TypeVar("T")
LONG = 100  # files, from which on progress is worth showing


def as_text(found: Sequence[Diagnostic], files: int) -> None:
    """Every finding drawn over its source, and one line that sums up."""
    show = _in_colour if sys.stdout.isatty() else click.echo
    for finding in found:
        show(render(finding, source_text(finding.path)) + "\n")
    click.echo(_summary(found, files))


def _summary(found: Sequence[Diagnostic], files: int) -> str:
    checked = f"{files} file{'s' * (files != 1)} checked"
    if not found:
        return f"no problems, {checked}"
    counts = {level: sum(d.severity == level for d in found) for level in ("error", "warning")}
    return ", ".join([f"{n} {level}{'s' * (n != 1)}" for level, n in counts.items() if n] + [checked])


def _in_colour(drawing: str) -> None:
    """Paint a drawing: the kind of finding, the marks, and what to do about it."""
    from rich.console import Console
    from rich.text import Text

    painted = Text()
    for number, line in enumerate(drawing.splitlines(keepends=True)):
        style = ""
        if number == 0:
            style = "bold red" if line.startswith("error") else "bold yellow"
        elif "^" in line:
            style = "red"
        elif line.lstrip().startswith(("-->", "= note", "...")):
            style = "blue"
        elif line.lstrip().startswith("= help"):
            style = "green"
        painted.append(line, style)
    Console(highlight=False, soft_wrap=True).print(painted, end="\n")


def as_github(found: Sequence[Diagnostic], files: int) -> None:
    """One workflow command for each finding."""
    del files
    for d in found:
        place = f"file={_escaped(d.path)},line={d.line},endLine={d.end_line},col={d.column},endColumn={d.end_column}"
        click.echo(f"::{d.severity} {place},title={d.code} {d.name}::{_escaped(d.one_line())}")


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def print_json(found: Sequence[Diagnostic], files: int) -> None:
    """A list of objects with the fields of `Diagnostic`."""
    del files
    click.echo(as_json(found))


FORMATS: dict[str, Callable[[Sequence[Diagnostic], int], None]] = {
    "text": as_text,
    "json": print_json,
    "github": as_github,
}


def progress(items: Iterable[T], total: int) -> Iterable[T]:
    """The same items; a long run shows on a terminal how far it is."""
    if total < LONG or not sys.stderr.isatty():
        return items
    from rich.console import Console
    from rich.progress import track

    return track(items, description="checking", total=total, console=Console(stderr=True), transient=True)
