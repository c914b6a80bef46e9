"""`scriptkit verify`: whether a file is the model its class makes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from scriptkit.cli.compile import REFUSED, step
from scriptkit.cli.models import INPUTS_HELP, Inputs, make_model, read_inputs
from scriptkit.cli.paths import ExistingFile

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from scriptkit.artifact.loaded import LoadedModule


@click.command("verify")
@click.argument("file", type=ExistingFile())
@click.option("--against", required=True, metavar="MODULE:CLASS", help="The class or function that makes the model.")
@click.option("--args", "arguments", metavar="JSON", help="What to make it with: a JSON list, or an object of names.")
@click.option("--inputs", metavar="SPEC", help=f"{INPUTS_HELP} Without it: like those the file says it was made with.")
@click.option("--weights", type=ExistingFile(), help="A saved state_dict.")
@click.option("--rtol", type=float, help="Relative tolerance; the dtype decides if it is not given.")
@click.option("--atol", type=float, help="Absolute tolerance.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(  # noqa: PLR0913 - one parameter for each option
    file: Path,
    *,
    against: str,
    arguments: str | None,
    inputs: str | None,
    weights: Path | None,
    rtol: float | None,
    atol: float | None,
    form: str,
) -> None:
    """Compare the model in FILE with the Python of MODULE:CLASS, on the inputs and on others made from them.

    Without `--weights` the Python model gets the weights of the file. Exit code 1: they differ, or the file is refused;
    2: a mistake in the call.
    """
    import scriptkit
    from scriptkit.verification import verify_loaded

    with step(f"reading {file}") as failing:
        loaded = failing(lambda: scriptkit.load(file))
        call = read_inputs(inputs) or _inputs_of(loaded)
    with step(f"making {against}") as failing:
        module = failing(lambda: make_model(against, arguments, weights))
        if weights is None:
            _take_weights(module, loaded)
    with step("comparing") as failing:
        report = failing(lambda: verify_loaded(module, loaded, call[0], call[1], rtol=rtol, atol=atol))
    click.echo(report.as_json() if form == "json" else str(report))
    if not report.passed:
        sys.exit(REFUSED)


def _inputs_of(loaded: LoadedModule) -> Inputs:
    """Random inputs like those the manifest describes."""
    import torch

    from scriptkit.artifact.examples import made_again

    generator = torch.Generator().manual_seed(0)
    parameters = loaded.manifest.method("forward").parameters
    given = {p.name: example for p in parameters if (example := getattr(p, "example", None)) is not None}
    if not given:
        raise click.UsageError("the file does not say what it was called with; give `--inputs`")
    return (), {name: made_again(example, generator) for name, example in given.items()}


def _take_weights(module: torch.nn.Module, loaded: LoadedModule) -> None:
    """Copy the tensors of the file to the same places of the Python model; a trace has its own a little deeper."""
    held: dict[str, Any] = {_place(name): tensor for name, tensor in loaded.module.state_dict().items()}
    wanted = module.state_dict()
    missing = sorted(wanted.keys() - held.keys())
    if missing:
        raise click.UsageError(f"the file has no weight `{missing[0]}`; give `--weights`, and see `--args`")
    try:
        module.load_state_dict({name: held[name] for name in wanted})
    except RuntimeError as error:
        words = str(error).strip().splitlines()[-1].strip()
        raise click.UsageError(f"the weights of the file do not fit: {words}; see `--args`") from error


def _place(name: str) -> str:
    for wrapper in ("evaluation.inner.", "training_trace.inner."):
        name = name.replace(wrapper, "")
    return name
