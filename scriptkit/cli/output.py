"""What a terminal shows besides the words: colours, lines that end at words, and how far a long run is.

`NO_COLOR` (not empty) means none anywhere; otherwise `FORCE_COLOR` (not empty) means colours also where nothing is a
terminal; otherwise a terminal gets them, unless `TERM` is `dumb`. Only red, magenta and bold are used: both are
readable on black and on white.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING, TextIO, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

T = TypeVar("T")
LONG = 100  # files, from which on progress is worth showing
NARROWEST = 40  # a terminal narrower than this gets lines as they are


def wants_colour(stream: TextIO) -> bool:
    """Whether what is written there is painted."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")


def show(text: str) -> None:
    """Write drawings to the standard output: as they are, or wrapped and painted for a terminal."""
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns
        text = "\n".join(part for line in text.split("\n") for part in _wrapped(line, width))
    if not wants_colour(sys.stdout):
        click.echo(text, nl=False)
        return
    from rich.console import Console

    console = Console(file=sys.stdout, highlight=False, soft_wrap=True, force_terminal=True, color_system="standard")
    kind = "error"
    for line in text.splitlines(keepends=True):
        kind = "warning" if line.startswith("warning[") else "error" if line.startswith("error[") else kind
        console.print(line, style=_style(line, kind), end="", markup=False, emoji=False)


def _style(line: str, kind: str) -> str:
    colour = "red" if kind == "error" else "magenta"
    if line.startswith((f"{kind}[", f"{kind}:")):
        return f"bold {colour}"
    before, bar, mark = line.partition(" | ")
    if bar and not before.strip() and mark.strip().startswith(("^", "-")):
        return colour
    return "bold" if line.lstrip().startswith(("-->", "= help")) else ""


def _wrapped(line: str, width: int) -> Iterable[str]:
    """A note or help, broken at words below its own first word; any other line as it is."""
    head, found, _ = line.partition(": ")
    if len(line) <= width or width < NARROWEST or not found or head.strip() not in ("= note", "= help"):
        return [line]
    return textwrap.wrap(line, width, subsequent_indent=" " * (len(head) + 2), break_long_words=False)


def progress(items: Iterable[T], total: int) -> Iterable[T]:
    """The same items; a long run shows on a terminal how far it is."""
    if total < LONG or not sys.stderr.isatty():
        return items
    from rich.console import Console
    from rich.progress import track

    return track(items, description="checking", total=total, console=Console(stderr=True), transient=True)


@contextlib.contextmanager
def working(what: str) -> Iterator[None]:
    """Say on a terminal what takes its time, as long as it does."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(what):
        yield
