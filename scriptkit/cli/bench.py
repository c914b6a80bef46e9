"""`scriptkit bench`: how fast a model is in each of its forms."""

from __future__ import annotations

import click

from scriptkit.cli.compile import step
from scriptkit.cli.models import INPUTS_HELP
from scriptkit.cli.subjects import is_file, print_told, subject

FORMS = "eager, compiled, pinned, loaded, optimized, exported"


@click.command("bench")
@click.argument("model", metavar="FILE|MODULE:CLASS")
@click.option("--args", "arguments", metavar="JSON", help="What to make it with: a JSON list, or an object of names.")
@click.option("--inputs", metavar="SPEC", help=f"{INPUTS_HELP} Without it: those that the file or the class tells.")
@click.option("--form", "forms", multiple=True, metavar="FORM", help=f"{FORMS}; all but the last without it.")
@click.option("--threads", multiple=True, type=click.IntRange(min=1), help="Threads torch may use; may be repeated.")
@click.option("--rounds", default=40, show_default=True, type=click.IntRange(min=2), help="Interleaved rounds.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(  # noqa: PLR0913 - one parameter for each option
    model: str,
    *,
    arguments: str | None,
    inputs: str | None,
    forms: tuple[str, ...],
    threads: tuple[int, ...],
    rounds: int,
    form: str,
) -> None:
    """Time a model as Python, compiled, saved and loaded, and optimised, in turn.

    Exit code 1: the model fails; 2: a mistake in the call.
    """
    import scriptkit
    from scriptkit.benching.forms import USUAL

    m, given = subject(model, arguments, inputs, compiled=False)
    args, kwargs = given or (None, {})
    with step(f"measuring {model}") as failing:
        loaded = failing(lambda: scriptkit.load(m, strict=False)) if is_file(model) else m
        report = failing(
            lambda: scriptkit.bench(
                loaded, args, example_kwargs=kwargs, forms=forms or USUAL, threads=threads or None, rounds=rounds
            )
        )
    print_told(report, form)
