"""`scriptkit check --fix`: repair files, or show the repairs."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scriptkit.checking.paths import STDIN
from scriptkit.fixing import fix_file

if TYPE_CHECKING:
    from collections.abc import Sequence


def repair(files: Sequence[str], *, all_modules: bool, diff: bool) -> None:
    """Repair each file that can be read; the check that follows tells which cannot."""
    for path in files:
        if path == STDIN:
            raise click.UsageError("`--fix` changes files; the standard input has none")
        try:
            before, after = fix_file(path, all_modules=all_modules, write=not diff)
        except OSError as error:
            if Path(path).is_file():  # what is no file is told by the check
                click.echo(f"{path} cannot be repaired: {error.strerror or error}", err=True)
            continue
        except (SyntaxError, ValueError, LookupError):
            continue
        if before != after:
            click.echo(difference(path, before, after) if diff else f"repaired {path}", err=not diff, nl=not diff)


def difference(path: str, before: str, after: str) -> str:
    """What changes in a file, as `diff -u` shows it."""
    lines = difflib.unified_diff(before.splitlines(keepends=True), after.splitlines(keepends=True), path, path)
    return "".join(lines)
