"""`scriptkit inspect`: a program to look at, in the terminal, as a page, or in Netron."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scriptkit.cli.compile import REFUSED, step
from scriptkit.cli.models import INPUTS_HELP
from scriptkit.cli.subjects import is_file, print_told, subject

if TYPE_CHECKING:
    from scriptkit.inspecting.inspection import Inspection

_ROOT = "(root)"


@click.command("inspect")
@click.argument("model", metavar="FILE|MODULE:CLASS")
@click.option("--args", "arguments", metavar="JSON", help="What to make it with: a JSON list, or an object of names.")
@click.option("--inputs", metavar="SPEC", help=f"{INPUTS_HELP} With it: times, and shapes of what flows.")
@click.option("--html", type=click.Path(path_type=Path), help="Write everything to one page that needs no network.")
@click.option("--code", metavar="PATH", help=f"The program of one submodule; `{_ROOT}` for the whole.")
@click.option("--graph", metavar="PATH", help="Its graph.")
@click.option("--beside", metavar="PATH", help="Its source beside its program, line by line.")
@click.option("--method", default="forward", show_default=True, help="Which method of it.")
@click.option("--inlined", is_flag=True, help="With all calls written out, as one flat program.")
@click.option("--netron", is_flag=True, help="Show the file in Netron, where that is installed.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(  # noqa: PLR0913 - one parameter for each option
    model: str,
    *,
    arguments: str | None,
    inputs: str | None,
    html: Path | None,
    code: str | None,
    graph: str | None,
    beside: str | None,
    method: str,
    inlined: bool,
    netron: bool,
    form: str,
) -> None:
    """Show the program of a model: its tree, its code beside its source, and a page with the flow of its data.

    Of a file the structure is read, and no weight. Exit code 1: the model is refused; 2: a mistake in the call.
    """
    import scriptkit

    if netron:
        _show_in_netron(model)
        return
    m, given = subject(model, arguments, inputs, compiled=True)
    args, kwargs = given or (None, {})
    with step(f"reading {model}") as failing:
        seen: Inspection = failing(lambda: scriptkit.inspect(m, args, example_kwargs=kwargs))
        if html is not None:
            failing(lambda: seen.to_html(html))
            click.echo(f"{html}", err=True)
        if code is not None:
            click.echo(failing(lambda: seen.code(_path(code), method, inlined)))
        if graph is not None:
            click.echo(failing(lambda: seen.graph(_path(graph), method, inlined)))
        if beside is not None:
            print_told(failing(lambda: seen.beside(_path(beside), method)), form)
    if html is None and code is None and graph is None and beside is None:
        print_told(seen, form)


def _path(text: str) -> str:
    return "" if text == _ROOT else text


def _show_in_netron(model: str) -> None:
    """Hand the file on; Netron serves it to a browser until it is interrupted."""
    if not is_file(model) or not Path(model).is_file():
        raise click.UsageError("`--netron` shows a file: compile the class into one first, with `scriptkit compile`")
    try:
        import netron  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError:
        click.echo("error: Netron is not installed: `pip install netron`, or open the file at netron.app", err=True)
        sys.exit(REFUSED)
    netron.start(model)
    netron.wait()
