"""`scriptkit triton`: a model repository for Triton."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command("triton")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", "repository", required=True, type=click.Path(path_type=Path), help="the model repository"
)
@click.option("--name", default="", help="the name of the model; else that of the file")
@click.option("--method", "methods", multiple=True, help="only this method; may be given again")
@click.option(
    "--max-batch", default=32, show_default=True, type=click.IntRange(0), help="requests in one call; 0: none"
)
def command(file: Path, repository: Path, name: str, methods: tuple[str, ...], max_batch: int) -> None:
    """Write a model repository for Triton's PyTorch backend from the model in FILE.

    FILE is what `scriptkit.save` wrote, with `example_inputs`. Each exported method becomes a model of its own.
    Requests are put together only where that was tried and gave the same.
    Exit code 2: FILE is refused, or Triton cannot hold what a method takes or gives.
    """
    from scriptkit.errors import ArtifactError
    from scriptkit.serving.triton import write_repository

    try:
        written = write_repository(file, repository, name=name, methods=methods, max_batch_size=max_batch)
    except (ArtifactError, OSError) as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(2)
    for path in written:
        click.echo(path)
