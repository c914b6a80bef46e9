"""`scriptkit onnx`: a model from its class to an ONNX file, compared in onnxruntime."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from scriptkit.cli.compile import step
from scriptkit.cli.models import INPUTS_HELP, make_model, read_inputs
from scriptkit.cli.paths import ExistingFile


@click.command("onnx")
@click.argument("model", metavar="MODULE:CLASS")
@click.option("--args", "arguments", metavar="JSON", help="What to make it with: a JSON list, or an object of names.")
@click.option("--inputs", metavar="SPEC", help=INPUTS_HELP)
@click.option("--weights", type=ExistingFile(), help="A saved state_dict.")
@click.option("--method", default="forward", show_default=True, help="The method that becomes the model.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False))
def command(  # noqa: PLR0913 - one parameter for each option
    model: str,
    *,
    arguments: str | None,
    inputs: str | None,
    weights: Path | None,
    method: str,
    form: str,
    output: Path,
) -> None:
    """Export the model MODULE:CLASS (or FILE.py:CLASS) to an ONNX file, from the same verified program as `export`.

    Exit code 1: ONNX cannot hold it, or onnxruntime gives something else; 2: a mistake in the call.
    """
    import scriptkit

    with step(f"making {model}") as failing:
        call = read_inputs(inputs)
        module = failing(lambda: make_model(model, arguments, weights))
        module.eval()  # not in one line: the `train` of somebody may return nothing
    args, kwargs = call if call is not None else (None, {})
    with step(f"exporting {type(module).__name__}") as failing:
        report = failing(
            lambda: scriptkit.export_onnx(module, output, args, example_kwargs=kwargs or None, method=method)
        )
    click.echo(json.dumps(asdict(report), indent=2) if form == "json" else str(report))
