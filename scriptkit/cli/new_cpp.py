"""`scriptkit new-cpp`: a C++ program round a model file."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command("new-cpp")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", "directory", required=True, type=click.Path(path_type=Path), help="a new or empty folder"
)
def command(file: Path, directory: Path) -> None:
    """Write a CMake project that loads, calls and tests the model in FILE.

    FILE is what `scriptkit.save` wrote (`.pt`), or an exported model (`.pt2`), whose project needs no TorchScript.
    Exit code 2: FILE is refused, or the folder is not empty.
    """
    from scriptkit.cpp.exported.project import is_exported, new_exported_project
    from scriptkit.cpp.project import new_cpp_project
    from scriptkit.errors import ArtifactError

    try:
        written = (new_exported_project if is_exported(file) else new_cpp_project)(file, directory)
    except (ArtifactError, OSError) as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(2)
    for path in written:
        click.echo(path)
    click.echo(f"build it as {directory / 'README.md'} says", err=True)
