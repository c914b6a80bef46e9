"""`scriptkit check`: every problem in files, folders, globs, or the standard input."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import click

from scriptkit import config
from scriptkit.checking import Selection
from scriptkit.checking.judging import UNREADABLE
from scriptkit.checking.paths import check_files, python_files
from scriptkit.cli.output import FORMATS, progress
from scriptkit.language import versions
from scriptkit.pyproject import pyproject_of

FOUND, UNUSABLE = 1, 2


@click.command("check")
@click.argument("paths", nargs=-1, required=True)
@click.option("--all-modules", is_flag=True, default=None, help="Check every nn.Module, as plain torch.jit sees it.")
@click.option("--torch", metavar="VERSION", help="Judge for this torch, as 2.10; the default is the installed one.")
@click.option("--format", "form", type=click.Choice(sorted(FORMATS)), default="text", show_default=True)
@click.option("--select", multiple=True, metavar="RULE", help="Check these rules only: a name, a code, or a prefix.")
@click.option("--ignore", multiple=True, metavar="RULE", help="Leave these rules out.")
@click.option("--fix", is_flag=True, help="Repair in place what can be proved, and tell the rest.")
@click.option("--diff", is_flag=True, help="With --fix: show the repairs as a diff, and write nothing.")
def command(  # noqa: PLR0913 - one parameter for each option
    paths: tuple[str, ...],
    *,
    all_modules: bool | None,
    torch: str | None,
    form: str,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fix: bool,
    diff: bool,
) -> None:
    """Tell every problem in PATHS: files, folders, globs, or `-` for the standard input.

    Exit code 0: none; 1: findings; 2: a file that cannot be read (the others are checked), or a mistake in the call.
    """
    settings = _settings(select, ignore, all_modules=all_modules, torch=torch)
    files = python_files(paths)
    if diff and not fix:
        raise click.UsageError("`--diff` shows what `--fix` would do; give both")
    with versions.judged_for(settings.torch):
        if fix:
            from scriptkit.cli.repair import repair

            repair(files, all_modules=settings.all_modules, diff=diff)
            if diff:
                return
        selection = Selection(settings.select, settings.ignore)
        checked = progress(check_files(files, selection, all_modules=settings.all_modules), len(files))
        found = [finding for findings in checked for finding in findings]
    FORMATS[form](found, len(files))
    if any(finding.code == UNREADABLE[0] for finding in found):
        sys.exit(UNUSABLE)
    if found:
        sys.exit(FOUND)


def _settings(
    select: tuple[str, ...], ignore: tuple[str, ...], *, all_modules: bool | None, torch: str | None
) -> config.Config:
    """The project's settings; the command line wins over them."""
    try:
        settings = config.load(pyproject_of(Path.cwd()))
        version = settings.torch if torch is None else versions.named(torch)
    except (config.ConfigError, versions.UnknownTorchError) as error:
        raise click.UsageError(str(error)) from None
    for word in (*select, *ignore):
        if not config.names_rules(word):
            raise click.UsageError(f"`{word}` names no rule; `scriptkit rules` lists them")
    return replace(
        settings,
        select=select or settings.select,
        ignore=(*settings.ignore, *ignore),
        all_modules=settings.all_modules if all_modules is None else all_modules,
        torch=version,
    )
