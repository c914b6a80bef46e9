"""What the commands that measure and show are given, a model file or MODULE:CLASS, and how they print."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scriptkit.cli.compile import step
from scriptkit.cli.models import make_model, read_inputs

if TYPE_CHECKING:
    from scriptkit.cli.models import Inputs
    from scriptkit.tables import Tabular

FILES = (".pt", ".pth", ".pt2")


def is_file(text: str) -> bool:
    """Whether the argument names a file and no class; one that is missing is told later."""
    return text.endswith(FILES) or (":" not in text and Path(text).is_file())


def subject(model: str, arguments: str | None, inputs: str | None, *, compiled: bool) -> tuple[Any, Inputs | None]:
    """The model and its inputs: a file by its path, a class made, and compiled where it has to be."""
    import scriptkit
    from scriptkit.live.marks import is_scriptable

    given = read_inputs(inputs)
    if is_file(model):
        if arguments is not None:
            raise click.UsageError("`--args` are for MODULE:CLASS: a file is made already")
        if not Path(model).is_file():
            raise click.UsageError(f"there is no file `{model}`")
        return model, given
    with step(f"making {model}") as failing:
        module = failing(lambda: make_model(model, arguments, None)).eval()
        if compiled and not is_scriptable(module):
            args, kwargs = given or (None, {})
            module = failing(lambda: scriptkit.compile(module, args, example_kwargs=kwargs))
    return module, given


def print_told(told: Tabular, form: str) -> None:
    """As JSON, or as a table: drawn on a terminal, plain text elsewhere."""
    if form == "json":
        click.echo(told.as_json())  # type: ignore[attr-defined]
    elif sys.stdout.isatty():
        from rich.console import Console

        Console().print(told)
    else:
        click.echo(str(told))
