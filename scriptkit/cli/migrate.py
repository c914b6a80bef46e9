"""`scriptkit migrate`: from `torch.jit` to scriptkit, as far as it can be proved."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from scriptkit.checking.paths import STDIN, python_files
from scriptkit.cli.output import working
from scriptkit.cli.repair import difference
from scriptkit.migrating import migrated_files
from scriptkit.replacing import replaced

if TYPE_CHECKING:
    from scriptkit.migrating import Migrated


@click.command("migrate")
@click.argument("paths", nargs=-1, required=True, type=click.Path())
@click.option("--diff", is_flag=True, help="Show the changes, and write nothing.")
def command(paths: tuple[str, ...], *, diff: bool) -> None:
    """Rewrite PATHS (files, folders, globs) from torch.jit to scriptkit.

    Bases of classes that are compiled, their marks, `torch.jit.script(m)`, `Final`, `annotate`, `Attribute`: each only
    where the rules find nothing that they did not find before. Comments and formatting stay; what is left as it was is
    told, with the reason. Exit code 0, also where something is left; 2: a file that cannot be read or written.
    """
    files = python_files(paths)
    if STDIN in files:
        raise click.UsageError("`migrate` changes files; the standard input has none")
    if not files:
        raise click.UsageError("no Python file there: nothing was migrated")
    with working("migrating"):
        found = list(migrated_files(files))
    changed = [one for one in found if one.after != one.before]
    for one in changed:
        if diff:
            click.echo(difference(one.path, one.before, one.after), nl=False)
        else:
            _write(one)
    for one in found:
        for left in one.left:
            click.echo(f"{one.path}:{left.line}:{left.column}: left: {left.what}: {left.why}", err=True)
    click.echo(_summary(found, files, diff=diff), err=True)
    if any(not one.encoding for one in found):
        sys.exit(2)


def _write(one: Migrated) -> None:
    try:
        with replaced(one.path) as stream:
            stream.write(one.after.encode(one.encoding))
    except OSError as error:
        raise click.UsageError(f"`{one.path}` cannot be written: {error.strerror or error}") from None
    click.echo(f"migrated {one.path}: {one.steps} change{'s' * (one.steps != 1)}", err=True)


def _summary(found: list[Migrated], files: list[str], *, diff: bool) -> str:
    steps, left = sum(one.steps for one in found), sum(len(one.left) for one in found)
    verb = "to make" if diff else "made"
    return f"{steps} change{'s' * (steps != 1)} {verb}, {left} left, in {len(files)} file{'s' * (len(files) != 1)}"
