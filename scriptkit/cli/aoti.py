"""`scriptkit aoti`: machine code for this machine beside the programs of an exported model."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from scriptkit.cli.output import working


@click.command("aoti")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="the file to write")
def command(file: Path, output: Path) -> None:
    """Compile the programs of FILE.pt2 with AOTInductor, on the machine they are to run on.

    Each is compared with the portable program first. The result is read by `scriptkit/compiled.hpp`, which checks
    shapes, dtypes and guards before each call. Exit code 2: FILE is refused, or nothing of it could be compiled.
    """
    from scriptkit.cpp.exported.compiled import compile_exported
    from scriptkit.errors import ArtifactError

    try:
        with working(f"compiling {file}"):
            reports = compile_exported(file, output)
    except (ArtifactError, OSError) as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(2)
    for report in reports:
        click.echo(report)
    click.echo(f"{output} holds machine code: load it only where you trust its maker", err=True)
