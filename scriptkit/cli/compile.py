"""`scriptkit compile`: a model from its class to a file, with how each submodule was compiled and why."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scriptkit.cli.models import INPUTS_HELP, Inputs, make_model, read_inputs
from scriptkit.cli.paths import ExistingFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import torch

REFUSED = 1
SHOWN = {
    "lifted": "each method as the compiler gets it",
    "lowered": "what each lowered module became",
    "facts": "the values it takes for granted",
}
NOTHING_SHOWN = {
    "lifted": "no method of yours was handed to the compiler",
    "lowered": "nothing had to be lowered",
    "facts": "no value is taken for granted",
}
SHOWN_HELP = "; ".join(f"{topic}: {what}" for topic, what in SHOWN.items()) + "."


@click.command("compile")
@click.argument("model", metavar="MODULE:CLASS")
@click.option("--args", "arguments", metavar="JSON", help="What to make it with: a JSON list, or an object of names.")
@click.option("--inputs", metavar="SPEC", help=INPUTS_HELP)
@click.option("--weights", type=ExistingFile(), help="A saved state_dict.")
@click.option("--mode", "modes", multiple=True, metavar="PATH=MODE", help="`backbone.*=trace`: script, lowered, trace.")
@click.option("--allow-baked", multiple=True, metavar="WHAT=REASON", help="A hazard a trace may bake in, and why.")
@click.option("--train", is_flag=True, help="Compile it in training mode.")
@click.option("--show", type=click.Choice(list(SHOWN)), help="Print the program on its way: " + SHOWN_HELP)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False))
def command(  # noqa: PLR0913 - one parameter for each option
    model: str,
    *,
    arguments: str | None,
    inputs: str | None,
    weights: Path | None,
    modes: tuple[str, ...],
    allow_baked: tuple[str, ...],
    train: bool,
    show: str | None,
    form: str,
    output: Path,
) -> None:
    """Compile the model MODULE:CLASS (or FILE.py:CLASS) and write it to a file any TorchScript runtime loads.

    Exit code 1: it does not compile, or the file would not be the model; 2: a mistake in the call.
    """
    plan = {"modes": _pairs(modes, "--mode"), "allow_baked": _pairs(allow_baked, "--allow-baked")}
    with showing(show, form):
        with step(f"making {model}") as failing:
            call = read_inputs(inputs)
            module = failing(lambda: make_model(model, arguments, weights))
            module.train(train)  # not in one line: the `train` of somebody may return nothing
        with step(f"compiling {type(module).__name__}") as failing:
            compiled = failing(lambda: _compiled(module, call, plan))
    with step(f"writing {output}") as failing:
        failing(lambda: _save(compiled, output, call))
    _tell(compiled, output, form)


def _pairs(texts: tuple[str, ...], option: str) -> dict[str, str]:
    pairs = [text.partition("=") for text in texts]
    for text, (_, separator, value) in zip(texts, pairs, strict=True):
        if not separator or not value:
            raise click.UsageError(f"`{option} {text}`: there is no `=` with something after it")
    return {key: value for key, _, value in pairs}


def _compiled(module: torch.nn.Module, call: Inputs | None, plan: dict[str, dict[str, str]]) -> torch.nn.Module:
    import torch

    import scriptkit

    if isinstance(module, scriptkit.ScriptableModule) and not any(plan.values()):
        if call is not None and not scriptkit.is_compiled(module):
            with torch.no_grad():
                module(*call[0], **call[1])
        return module
    args, kwargs = call if call is not None else (None, {})
    try:
        return scriptkit.compile(module, args, example_kwargs=kwargs, **plan)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _save(module: torch.nn.Module, output: Path, call: Inputs | None) -> None:
    import scriptkit

    args, kwargs = call if call is not None else (None, {})
    scriptkit.save(module, output, example_inputs=args, example_kwargs=kwargs or None)


def _tell(module: torch.nn.Module, output: Path, form: str) -> None:
    import scriptkit

    report = scriptkit.report(module)
    if form == "json":
        click.echo(json.dumps(json.loads(report.as_json()) | {"file": str(output)}, indent=2))
        return
    click.echo(str(report))
    click.echo(f"wrote {output} ({output.stat().st_size:,} bytes)")


@contextlib.contextmanager
def showing(topic: str | None, form: str) -> Iterator[None]:
    """Print what is said on a topic while the model is made and compiled, also where that fails."""
    if topic is None:
        yield
        return
    from scriptkit import log

    with log.heard(topic) as texts:
        try:
            yield
        finally:
            for text in texts or [NOTHING_SHOWN[topic]]:
                click.echo(text, err=form == "json")


@contextlib.contextmanager
def step(words: str) -> Iterator[Callable[[Callable[[], Any]], Any]]:
    """Say on a terminal what is being done; what goes wrong in it ends the command with a clear message."""
    from scriptkit.errors import ScriptkitError

    def failing(action: Callable[[], Any]) -> Any:
        try:
            return action()
        except click.ClickException:
            raise
        except ScriptkitError as error:
            problem = str(error)
        except Exception as error:  # noqa: BLE001 - the user's code may raise anything
            problem = f"{words}: {type(error).__name__}: {error}"
        click.echo(f"error: {problem}", err=True)
        sys.exit(REFUSED)

    if not sys.stderr.isatty():
        yield failing
        return
    from rich.console import Console

    with Console(stderr=True).status(words):
        yield failing
