"""`scriptkit export`: a model from its class to a `.pt2` file, with what is fixed in it and why."""

from __future__ import annotations

from pathlib import Path

import click

from scriptkit.cli.compile import step
from scriptkit.cli.models import INPUTS_HELP, make_model, read_inputs
from scriptkit.cli.paths import ExistingFile


@click.command("export")
@click.argument("model", metavar="MODULE:CLASS")
@click.option("--args", "arguments", metavar="JSON", help="What to make it with: a JSON list, or an object of names.")
@click.option("--inputs", metavar="SPEC", help=INPUTS_HELP)
@click.option("--weights", type=ExistingFile(), help="A saved state_dict.")
@click.option("--method", "methods", multiple=True, help="A method to export; all that are marked, without it.")
@click.option("--static", is_flag=True, help="Fix every size at that of the inputs.")
@click.option("--train", is_flag=True, help="Export it in training mode.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False))
def command(  # noqa: PLR0913 - one parameter for each option
    model: str,
    *,
    arguments: str | None,
    inputs: str | None,
    weights: Path | None,
    methods: tuple[str, ...],
    static: bool,
    train: bool,
    form: str,
    output: Path,
) -> None:
    """Export the model MODULE:CLASS (or FILE.py:CLASS) to a `.pt2` file, verified against its Python.

    Exit code 1: it cannot be exported, or the file cannot be written; 2: a mistake in the call.
    """
    import scriptkit

    with step(f"making {model}") as failing:
        call = read_inputs(inputs)
        module = failing(lambda: make_model(model, arguments, weights))
        module.train(train)  # not in one line: the `train` of somebody may return nothing
    args, kwargs = call if call is not None else (None, {})
    with step(f"exporting {type(module).__name__}") as failing:
        exported = failing(
            lambda: scriptkit.export_program(
                module, args, example_kwargs=kwargs, methods=list(methods) or None, dynamic=False if static else None
            )
        )
    with step(f"writing {output}") as failing:
        failing(lambda: exported.save(output))
    click.echo(exported.report.as_json() if form == "json" else str(exported.report))
    if form == "text":
        click.echo(f"wrote {output} ({output.stat().st_size:,} bytes)")
