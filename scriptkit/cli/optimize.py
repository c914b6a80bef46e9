"""`scriptkit optimize`: the fastest program that is equal to the one in a file, into another file."""

from __future__ import annotations

from pathlib import Path

import click

from scriptkit.cli.compile import step
from scriptkit.cli.models import INPUTS_HELP
from scriptkit.cli.subjects import print_told, subject


@click.command("optimize")
@click.argument("model", metavar="FILE|MODULE:CLASS")
@click.option("--args", "arguments", metavar="JSON", help="What to make it with: a JSON list, or an object of names.")
@click.option("--inputs", metavar="SPEC", help=f"{INPUTS_HELP} Without it: those that the file or the class tells.")
@click.option("--threads", type=click.IntRange(min=1), help="How many threads torch may use while it is measured.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The file for the optimised model.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    model: str, *, arguments: str | None, inputs: str | None, threads: int | None, output: Path | None, form: str
) -> None:
    """Measure ways to run a model faster, and write the fastest that is equal to it.

    Each is compared with the model on the inputs and on others made from them, and timed in turn with plain script.
    Exit code 1: the model is refused; 2: a mistake in the call.
    """
    import torch

    import scriptkit

    if threads is not None:
        torch.set_num_threads(threads)
    m, given = subject(model, arguments, inputs, compiled=True)
    args, kwargs = given or (None, {})
    with step(f"measuring {model}") as failing:
        made = failing(lambda: scriptkit.optimize(m, args, example_kwargs=kwargs))
    print_told(made.table, form)
    if output is not None:
        with step(f"writing {output}") as failing:
            failing(lambda: made.save(output))
        click.echo(f"{output}: {made.variant}", err=True)
