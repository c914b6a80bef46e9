"""`scriptkit check`: every problem in files, folders, globs, or the standard input."""

from __future__ import annotations

import json
import linecache
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scriptkit import config
from scriptkit.checking.changes import Changes
from scriptkit.checking.paths import STDIN, check_files, python_files
from scriptkit.cli.completion import RULE
from scriptkit.cli.narrowing import Narrowing
from scriptkit.cli.output import progress, show
from scriptkit.cli.reports import FOR_PEOPLE, FORMATS, written
from scriptkit.cli.reports.plain import by_rule, statistics
from scriptkit.cli.reports.report import Report, is_unreadable
from scriptkit.errors import ScriptkitError
from scriptkit.language import versions
from scriptkit.pyproject import pyproject_of
from scriptkit.replacing import replaced
from scriptkit.rules.groups import names_rules, near

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scriptkit.diagnostics import Diagnostic

FOUND, UNUSABLE = 1, 2
MOST_ON_A_TERMINAL = 200
"""How many findings a terminal shows before it counts them by rule instead."""


class Check(click.Command):
    """`--diff REV` tells what changed; after `--fix`, `--diff` alone shows the repairs."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments."""
        if "--fix" in args:
            args = ["--show-repairs" if argument == "--diff" else argument for argument in args]
        return super().parse_args(ctx, args)


@dataclass(frozen=True)
class Options:
    """What was asked for, one field for each option."""

    paths: tuple[str, ...]
    all_modules: bool | None
    torch: str | None
    engine: tuple[str, ...]
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    diff: str | None
    reachable_from: tuple[str, ...]
    baseline: Path | None
    write_baseline: bool
    prune_baseline: bool
    form: str
    output_file: Path | None
    statistics: bool
    quiet: bool
    max_findings: int | None
    exit_zero: bool
    watch: bool
    fix: bool
    show_repairs: bool


@click.command("check", cls=Check)
@click.argument("paths", nargs=-1, type=click.Path())
@click.option("--all-modules", is_flag=True, default=None, help="Check every nn.Module, as plain torch.jit sees it.")
@click.option("--torch", metavar="VERSION", help="Judge for this torch, as 2.10; the default is the installed one.")
@click.option("--engine", multiple=True, type=click.Choice(config.ENGINES), help="What the code shall become.")
@click.option("--select", type=RULE, multiple=True, help="Only these rules: a name, a code, a prefix, a group.")
@click.option("--ignore", type=RULE, multiple=True, help="Leave these rules out.")
@click.option("--diff", metavar="REV", help="Only what changed since a revision of git.")
@click.option("--reachable-from", multiple=True, metavar="MODULE:CLASS", help="Only what this class reaches.")
@click.option("--baseline", type=click.Path(path_type=Path), metavar="FILE", help="Only what FILE does not know.")
@click.option("--write-baseline", is_flag=True, help="With --baseline: FILE knows from now on what is found.")
@click.option("--prune-baseline", is_flag=True, help="With --baseline: FILE forgets what is no longer found.")
@click.option("--format", "form", type=click.Choice(sorted(FORMATS)), default="text", show_default=True)
@click.option("-o", "--output-file", type=click.Path(path_type=Path), metavar="FILE", help="Write the report there.")
@click.option("--statistics", is_flag=True, help="Count the findings by rule instead of telling them.")
@click.option("-q", "--quiet", is_flag=True, help="Write the last line only, which sums up.")
@click.option("--max-findings", type=click.IntRange(min=0), metavar="N", help="Write out the first N; 0: all of them.")
@click.option("--exit-zero", is_flag=True, help="Findings do not fail the command.")
@click.option("--watch", is_flag=True, help="Check again whenever a file changes.")
@click.option("--fix", is_flag=True, help="Repair in place what can be proved, and tell the rest.")
@click.option("--show-repairs", is_flag=True, help="With --fix (or `--fix --diff`): show the repairs, write nothing.")
def command(**given: Any) -> None:
    """Tell every problem in PATHS: files, folders, globs, or `-` for the standard input.

    Exit code 0: none; 1: findings; 2: a file that cannot be read (the others are checked), nothing to check, or a
    mistake in the call.
    """
    options = Options(**given)
    _refuse_what_does_not_fit(options)
    if options.watch:
        _watch(options)
        return
    try:
        sys.exit(_once(options))
    except ScriptkitError as error:
        raise click.UsageError(str(error)) from None


def _once(options: Options) -> int:
    """Check, and say how the command ends."""
    linecache.checkcache()  # the lines that are drawn are those on disk
    settings = _settings(options)
    files = _files(options)
    narrowing = _narrowing(options, settings)
    checked = narrowing.files(files)
    if not files:
        raise click.UsageError("no Python file there: nothing was checked")
    with versions.judged_for(settings.torch):
        if options.fix:
            from scriptkit.cli.repair import repair, tell_what_is_left

            repair(checked, all_modules=settings.all_modules, diff=options.show_repairs)
            if options.show_repairs:
                return 0
        found = _found(checked, settings)
        report = _report(options, narrowing, found, checked)
        if options.fix:
            tell_what_is_left(report.found)
    _write(options, report)
    return _exit_code(options, report)


def _exit_code(options: Options, report: Report) -> int:
    if any(map(is_unreadable, report.found)):
        return UNUSABLE
    return FOUND if report.found and not options.exit_zero else 0


def _watch(options: Options) -> None:
    """Check again what changes: one file, or all where a setting did."""
    from scriptkit.cli.watch import watch

    known: dict[str, list[Diagnostic]] = {}
    pyproject = pyproject_of(Path.cwd())
    extra = [str(pyproject)] if pyproject is not None else []

    def check(changed: list[str]) -> None:
        try:
            settings, files = _settings(options), python_files(options.paths or (".",))
            if known and extra and extra[0] in changed:
                known.clear()
            todo = [path for path in files if path in changed or path not in known]
            with versions.judged_for(settings.torch):
                checked_now = check_files(todo, settings.selection, all_modules=settings.all_modules)
                known.update(zip(todo, checked_now, strict=True))
                narrowing = _narrowing(options, settings)
                checked = narrowing.files(files)
                report = _report(options, narrowing, [one for path in checked for one in known[path]], checked)
            _write(options, report)
        except (ScriptkitError, click.UsageError) as error:
            click.echo(f"Error: {error}", err=True)
        click.echo("watching; Ctrl-C ends it", err=True)

    watch(lambda: [*python_files(options.paths or (".",)), *extra], check)


def _refuse_what_does_not_fit(options: Options) -> None:
    """Options that need or exclude each other."""
    if not options.paths and not options.reachable_from:
        raise click.UsageError("Missing argument 'PATHS...'.")
    if options.show_repairs and not options.fix:
        raise click.UsageError("`--show-repairs` shows what `--fix` would do; give both")
    if (options.write_baseline or options.prune_baseline) and (options.diff or options.reachable_from):
        raise click.UsageError("a baseline is made of all findings: leave out `--diff` and `--reachable-from`")
    if options.watch and (options.fix or options.write_baseline or options.prune_baseline or STDIN in options.paths):
        raise click.UsageError("`--watch` reads files again and again; leave out what writes, and `-`")
    if options.statistics and options.output_file is None and options.form not in (*FOR_PEOPLE, "json"):
        raise click.UsageError(f"`--statistics` is no {options.form}; with `--output-file` it goes to the terminal")


def _files(options: Options) -> list[str]:
    """The files that the paths mean; a folder that holds none is told."""
    paths = options.paths or (".",)
    files = python_files(paths)
    for path in paths:
        if len(paths) > 1 and Path(path).is_dir() and not python_files([path]):
            click.echo(f"no Python file in `{path}`: nothing was checked there", err=True)
    return files


def _narrowing(options: Options, settings: config.Config) -> Narrowing:
    baseline = options.baseline or settings.baseline_file
    if (options.write_baseline or options.prune_baseline) and baseline is None:
        needed = "`--baseline FILE`, or `baseline` among the settings"
        raise click.UsageError(f"`--write-baseline` and `--prune-baseline` need {needed}")
    return Narrowing(
        settings,
        None if options.diff is None else Changes.since(options.diff, Path.cwd()),
        options.reachable_from,
        None if baseline is None else _seen_from_here(baseline),
        options.write_baseline,
        options.prune_baseline,
    )


def _seen_from_here(path: Path) -> Path:
    """The same path, shorter where it lies below the folder of the call."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _found(files: list[str], settings: config.Config) -> list[Diagnostic]:
    checked: Iterable[list[Diagnostic]] = check_files(files, settings.selection, all_modules=settings.all_modules)
    return [finding for findings in progress(checked, len(files)) for finding in findings]


def _report(options: Options, narrowing: Narrowing, found: list[Diagnostic], files: list[str]) -> Report:
    told, remarks = narrowing.findings(found, files)
    if options.diff is not None:
        remarks.append(f"changed since {options.diff}")
    most = options.max_findings
    if most is None and options.form in FOR_PEOPLE and options.output_file is None and sys.stdout.isatty():
        most = MOST_ON_A_TERMINAL
    return Report(told, files, most or None, remarks)


def _write(options: Options, report: Report) -> None:
    """Write the report where it is wanted, and to the terminal what is left to say."""
    if options.output_file is not None:
        _write_file(options.output_file, written(options.form, report))
    if options.statistics:
        show(_counted(report, options.form))
    elif options.quiet or options.output_file is not None:
        show(report.summary() + "\n" if options.form in FOR_PEOPLE or options.output_file is not None else "")
    else:
        show(written(options.form, report))
    if report.left_out and (options.form not in FOR_PEOPLE):
        click.echo(f"{report.left_out} more findings are not in the report (`--max-findings`)", err=True)


def _counted(report: Report, form: str) -> str:
    if form == "json":
        return json.dumps(statistics(report), indent=2) + "\n"
    return f"{by_rule(report)}{report.summary()}\n"


def _write_file(path: Path, text: str) -> None:
    try:
        with replaced(str(path)) as stream:
            stream.write(text.encode("utf-8", errors="surrogateescape"))
    except OSError as error:
        raise click.UsageError(f"`{path}` cannot be written: {error.strerror or error}") from None


def _settings(options: Options) -> config.Config:
    """The project's settings; the command line wins over them."""
    try:
        settings = config.load(pyproject_of(Path.cwd()))
        version = settings.torch if options.torch is None else versions.named(options.torch)
    except (config.ConfigError, versions.UnknownTorchError) as error:
        raise click.UsageError(str(error)) from None
    for word in (*options.select, *options.ignore):
        if word != "ALL" and not names_rules(word):
            raise click.UsageError(f"`{word}` names no rule; {near(word)}")
    return replace(
        settings,
        select=options.select or settings.select,
        ignore=(*settings.ignore, *options.ignore),
        all_modules=settings.all_modules if options.all_modules is None else options.all_modules,
        torch=version,
        engines=options.engine or settings.engines,
    )
