"""`scriptkit lsp`: the language server."""

from __future__ import annotations

import importlib.util

import click


@click.command("lsp")
@click.option("--stdio", is_flag=True, help="What it does anyway; many editors ask for it.")
def command(*, stdio: bool) -> None:
    """Serve an editor over the standard input and output, by the language server protocol.

    Needs pygls: `pip install "scriptkit[lsp]"`. Editors start it themselves.
    """
    del stdio
    if importlib.util.find_spec("pygls") is None:
        raise click.UsageError('the language server needs pygls: `pip install "scriptkit[lsp]"`')
    from scriptkit.lsp import serve

    serve()
