"""`scriptkit readiness`: which submodule is ready for which engine."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from scriptkit.cli.compile import REFUSED, step
from scriptkit.cli.models import INPUTS_HELP, make_model, read_inputs
from scriptkit.cli.paths import ExistingFile

if TYPE_CHECKING:
    from pathlib import Path


@click.command("readiness")
@click.argument("model", metavar="MODULE:CLASS")
@click.option("--args", "arguments", metavar="JSON", help="What to make it with: a JSON list, or an object of names.")
@click.option("--inputs", metavar="SPEC", help=INPUTS_HELP)
@click.option("--weights", type=ExistingFile(), help="A saved state_dict.")
@click.option(
    "--engine",
    "engines",
    multiple=True,
    metavar="ENGINE",
    help="torchscript, export, onnx, aoti; the first two without it.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    model: str, *, arguments: str | None, inputs: str | None, weights: Path | None, engines: tuple[str, ...], form: str
) -> None:
    """Tell for each engine whether it takes the model MODULE:CLASS, and where not, which part and line it is.

    Exit code 1: an engine refuses the whole; 2: a mistake in the call.
    """
    import scriptkit

    with step(f"making {model}") as failing:
        call = read_inputs(inputs)
        module = failing(lambda: make_model(model, arguments, weights))
        module.eval()  # not in one line: the `train` of somebody may return nothing
    args, kwargs = call if call is not None else (None, {})
    chosen = engines or ("torchscript", "export")
    try:
        with step(f"asking of {type(module).__name__}") as failing:
            report = scriptkit.readiness(module, args, example_kwargs=kwargs, engines=chosen)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if form == "json":
        click.echo(report.as_json())
    elif sys.stdout.isatty():
        from rich.console import Console

        Console().print(report)
    else:
        click.echo(str(report))
    if any(report.rows[0][engine].verdict == "no" for engine in report.engines):
        sys.exit(REFUSED)
