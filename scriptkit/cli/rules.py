"""`scriptkit rules`: the catalogue."""

from __future__ import annotations

import json

import click

from scriptkit.fixing import is_repaired
from scriptkit.rules import Rule, all_rules
from scriptkit.rules.groups import group_of


@click.command("rules")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(form: str) -> None:
    """List every rule: code, name, what it finds."""
    if form == "json":
        click.echo(json.dumps([_facts(rule) for rule in all_rules()], indent=2))
        return
    width = max(len(rule.name) for rule in all_rules())
    for rule in all_rules():
        click.echo(f"{rule.code}  {rule.name:{width}}  {summary(rule)}{_remarks(rule)}")


def summary(rule: Rule) -> str:
    """The first line of its documentation."""
    return (rule.__doc__ or "").partition("\n")[0].strip()


def _remarks(rule: Rule) -> str:
    remarks = [
        *(["warning"] if rule.severity == "warning" else []),
        *(["works in a ScriptableModule"] if rule.lifted else []),
        *(["off by default"] if rule.optional else []),
        *(["repaired by --fix"] if is_repaired(rule) else []),
    ]
    return f" ({', '.join(remarks)})" if remarks else ""


def _facts(rule: Rule) -> dict[str, object]:
    return {
        "code": rule.code,
        "name": rule.name,
        "summary": summary(rule),
        "severity": rule.severity,
        "lifted": rule.lifted,
        "optional": rule.optional,
        "group": group_of(rule).name,
        "repaired": is_repaired(rule),
    }
