"""`python -m benchmarks [NAME ...]`: measure, and print a table with the goal beside each figure."""

from __future__ import annotations

import json
import os
import platform
import warnings
from pathlib import Path

import click
import torch
from rich.console import Console
from rich.table import Table

from benchmarks import (
    checking,
    deployment,
    editor,
    exporting,
    files,
    lowering,
    measurements,
    optimizing,
    portable,
    tracing,
    trials,
)
from benchmarks.measurements import Effort, Row

PARTS = (measurements, deployment, checking, lowering, tracing, portable, editor, exporting, optimizing, files, trials)
ALL: dict[str, measurements.Measurement] = {name: found for part in PARTS for name, found in part.ALL.items()}


def drawn(rows: list[Row]) -> Table:
    """One line for each figure; the ratio is the median of interleaved rounds, with its middle half."""
    table = Table(title="ours against torch.jit.script of the same plain class", title_justify="left")
    for heading in ("what", "ours", "theirs", "ratio", "middle half", "goal", ""):
        table.add_column(heading, justify="left" if heading in {"what", ""} else "right", no_wrap=True)
    for row in rows:
        spread = "{:.2f} - {:.2f}".format(*row.spread) if row.spread else ""
        value = f"{row.value:.3f}" if row.unit == "x" else ""
        goal = "" if row.goal is None else f"<= {row.goal:.3g}"
        verdict = {True: "[green]met", False: "[red]missed", None: ""}[row.met]
        table.add_row(row.what, row.ours, row.theirs, value, spread, goal, verdict)
    return table


def machine() -> str:
    """What the figures belong to."""
    versions = f"torch {torch.__version__}, Python {platform.python_version()}"
    return f"{versions}, 1 thread, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(ALL)))
@click.option("--rounds", default=100, show_default=True, help="Interleaved rounds of a call.")
@click.option("--processes", default=7, show_default=True, help="Interleaved pairs of fresh processes.")
@click.option("--json", "file", type=click.Path(path_type=Path), help="Also write the rows to this file.")
def main(names: tuple[str, ...], rounds: int, processes: int, file: Path | None) -> None:
    """Measure NAMES, or everything, against torch.jit.script."""
    warnings.filterwarnings("ignore", "`torch.jit.*` is deprecated", DeprecationWarning)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    console = Console(width=None if Console().is_terminal else 130)
    console.print(machine())
    rows: list[Row] = []
    for name in names or ALL:
        with console.status(f"measuring {name}"):
            found = ALL[name](Effort(rounds, processes))
        if not found:
            console.print(f"{name}: not measured without other people's models, which `make zoo` installs")
        rows += found
    console.print(drawn(rows))
    if file is not None:
        file.write_text(json.dumps([{**vars(row), "met": row.met} for row in rows], indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
