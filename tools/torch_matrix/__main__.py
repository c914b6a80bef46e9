"""`python -m tools.torch_matrix`: set up each version, run it, and draw one table."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tools.torch_matrix import environments
from tools.torch_matrix.cells import chosen
from tools.torch_matrix.exceptions import unable
from tools.torch_matrix.page import record
from tools.torch_matrix.running import Result, directories, run

PARTS = ("README", "demo", "modules", "suite")


def main() -> int:
    """Exit with 1 where something failed, with 2 where something could not be installed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--torch", default="", help="versions, separated by spaces")
    parser.add_argument("--python", default="", help="versions, separated by spaces")
    parser.add_argument("--only", choices=PARTS, action="append", help="this part; may be given again")
    parser.add_argument("--record", action="store_true", help="keep the results for docs/versions.md")
    parser.add_argument(
        "--by-directory",
        nargs="*",
        choices=[Path(one).name for one in directories()],
        metavar="NAME",
        help="the suite alone, one directory of tests/ after the other, each recorded as it ends: these, or all",
    )
    parser.add_argument("--processes", type=int, default=2, help="of pytest, at once (2)")
    parser.add_argument("--set-up", action="store_true", help="only set the environments up")
    parser.add_argument("--remove", action="store_true", help="remove every environment")
    parser.add_argument("more", nargs="*", help="what else pytest is told, after --")
    given = parser.parse_args()
    if given.remove:
        environments.remove()
        print(f"removed {environments.home()}")
        return 0
    if given.record and given.more:
        parser.error("a part of the suite is no result of the whole: name directories with --by-directory")
    parts = () if given.set_up else _parts(given.only, given.by_directory)
    results = [_run(version, parts, given) for version in chosen(given.torch, given.python)]
    draw(results, parts)
    if any(result.missing for result in results):
        return 2
    return int(not all(result.is_green for result in results))


def _parts(only: list[str] | None, names: list[str] | None) -> tuple[str, ...]:
    """The parts to run: those chosen, or directories of the suite; no names are all of them."""
    if names is None:
        return tuple(only or PARTS)
    return tuple(one for one in directories() if not names or Path(one).name in names)


def _run(version: environments.Version, parts: tuple[str, ...], given: argparse.Namespace) -> Result:
    def keep(part: str, cell: str) -> None:
        if given.record:
            record(version.name, part, cell)

    return run(version, parts, given.more, given.processes, keep)


def draw(results: list[Result], parts: tuple[str, ...]) -> None:
    """One row for each version, and under it what failed and what it is excused from."""
    table = Table(title="torch and Python, as they were run", title_justify="left")
    for heading in ("torch", "Python", *parts, "excused", "failed"):
        table.add_column(heading)
    for result in results:
        excused = unable(result.version.torch, result.version.python)
        cells = [result.cells.get(part, result.missing or "") for part in parts]
        table.add_row(result.version.torch, result.version.python, *cells, str(len(excused)), "\n".join(result.wrong))
    console = Console(width=None if Console().is_terminal else 160)
    console.print(table)
    for result in results:
        for one in unable(result.version.torch, result.version.python):
            console.print(f"{result.version}: not run: {one.test}: {one.why}", highlight=False)


if __name__ == "__main__":
    sys.exit(main())
