"""The command `scriptkit`. Each subcommand lives in a module of its own, imported when it is called."""

from __future__ import annotations

import difflib
import importlib

import click

from scriptkit import __version__

LONGEST_SENTENCE = 1000
COMMANDS = {
    "aoti": "scriptkit.cli.aoti",
    "bench": "scriptkit.cli.bench",
    "check": "scriptkit.cli.check",
    "compile": "scriptkit.cli.compile",
    "completion": "scriptkit.cli.completion",
    "doctor": "scriptkit.cli.doctor",
    "explain": "scriptkit.cli.explain",
    "export": "scriptkit.cli.export",
    "inspect": "scriptkit.cli.inspect",
    "lsp": "scriptkit.cli.lsp",
    "migrate": "scriptkit.cli.migrate",
    "new": "scriptkit.cli.new",
    "new-cpp": "scriptkit.cli.new_cpp",
    "onnx": "scriptkit.cli.onnx",
    "optimize": "scriptkit.cli.optimize",
    "readiness": "scriptkit.cli.readiness",
    "rules": "scriptkit.cli.rules",
    "triton": "scriptkit.cli.triton",
    "verify": "scriptkit.cli.verify",
}


class Lazy(click.Group):
    """A group that imports a subcommand when it is asked for: `check` must start fast, and never import torch."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all subcommands."""
        return sorted({*COMMANDS, *super().list_commands(ctx)})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The subcommand of this name: the object `command` of its module."""
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        command: click.Command = importlib.import_module(COMMANDS[cmd_name]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The subcommand that is called; of one that does not exist, which may be meant."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            near = difflib.get_close_matches(name, COMMANDS)
            told = f"near it: {', '.join(near)}" if near else "`scriptkit --help` lists them"
            ctx.fail(f"there is no command `{name}`; {told}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Every subcommand with its first sentence, whole."""
        rows = []
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            if command is not None:
                rows.append((name, command.get_short_help_str(LONGEST_SENTENCE)))
        with formatter.section("Commands"):
            formatter.write_dl(rows)


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="scriptkit")
def main() -> None:
    """Write ordinary PyTorch modules that compile, and be told everything that stands in the way.

    Exit codes: 0, done; 1, the answer is no (findings, or a model that is refused); 2, there is no answer (a mistake in
    the call, or a file that cannot be read).
    """
