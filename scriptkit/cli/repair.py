"""`scriptkit check --fix`: repair files, or show the repairs."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scriptkit.checking.paths import STDIN
from scriptkit.fixing import fix_file, is_repaired
from scriptkit.rules import all_rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from scriptkit.diagnostics import Diagnostic


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


def tell_what_is_left(found: Iterable[Diagnostic]) -> None:
    """Why each finding that is left was not repaired."""
    rules = {rule.name: rule for rule in all_rules()}
    for one in found:
        rule = rules.get(one.name)
        has_fix = rule is not None and is_repaired(rule)
        why = "its repair is not certain to be right here" if has_fix else "the way is yours to choose: see its help"
        click.echo(f"not repaired: {one.path}:{one.line}: {one.name}: {why}", err=True)


def difference(path: str, before: str, after: str) -> str:
    """What changes in a file, as `diff -u` shows it."""
    lines = difflib.unified_diff(before.splitlines(keepends=True), after.splitlines(keepends=True), path, path)
    return "".join(lines)
