"""`scriptkit explain`: one rule at length."""

from __future__ import annotations

import click

from scriptkit.checking.explaining import explained
from scriptkit.cli.completion import RULE
from scriptkit.rules import COMPILER_ERROR, rule_named
from scriptkit.rules.groups import near

UNKNOWN_ERROR = (
    "A refusal of the compiler that no rule explains.\n\nThe message is the compiler's own, cut to what matters. "
    "The code that it points at was accepted by every rule; if that code is right in your eyes, the report of it helps."
)


@click.command("explain")
@click.argument("rule", type=RULE)
def command(rule: str) -> None:
    """Explain RULE, a name or a code: what it finds, why, an example, and what to write instead."""
    if rule.lower() in (COMPILER_ERROR[0].lower(), COMPILER_ERROR[1]):
        click.echo(f"{COMPILER_ERROR[0]} {COMPILER_ERROR[1]}\n\n{UNKNOWN_ERROR}")
        return
    try:
        found = rule_named(rule)
    except KeyError:
        raise click.UsageError(f"`{rule}` names no rule; {near(rule)}") from None
    click.echo(explained(found))
