"""`scriptkit completion`: what a shell needs to complete commands, options, files and rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem, get_completion_class

if TYPE_CHECKING:
    from scriptkit.cli import Lazy

SHELLS = ("bash", "zsh", "fish")


HOW = """\b
bash: scriptkit completion bash > ~/.local/share/bash-completion/completions/scriptkit
zsh:  scriptkit completion zsh > ~/.zfunc/_scriptkit    (a folder of $fpath)
fish: scriptkit completion fish > ~/.config/fish/completions/scriptkit.fish"""


@click.command("completion", epilog=HOW)
@click.argument("shell", type=click.Choice(SHELLS))
def command(shell: str) -> None:
    """Print the completion script for SHELL, which completes commands, options, files and rules."""
    from scriptkit.cli import main

    click.echo(_script(main, shell))


def _script(main: Lazy | click.Command, shell: str) -> str:
    made = get_completion_class(shell)
    assert made is not None  # noqa: S101 - the choices are those that click knows
    return made(main, {}, "scriptkit", "_SCRIPTKIT_COMPLETE").source()


class RuleWord(click.ParamType):  # type: ignore[type-arg]  # older versions of click take none
    """A word that means rules; a shell completes names, codes and groups."""

    name = "RULE"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Every name and group that begins so; codes only where one was begun."""
        del ctx, param
        from scriptkit.rules import all_rules
        from scriptkit.rules.groups import GROUPS

        names = [(rule.name, (rule.__doc__ or "").partition("\n")[0]) for rule in all_rules()]
        groups = [(group.name, group.title) for group in GROUPS]
        codes = [(rule.code, rule.name) for rule in all_rules()] if incomplete.upper().startswith("SK") else []
        words = [*groups, *names, *codes, ("ALL", "every rule")]
        return [CompletionItem(word, help=help) for word, help in words if word.lower().startswith(incomplete.lower())]


RULE = RuleWord()
