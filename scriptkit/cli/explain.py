"""`scriptkit explain`: one rule at length."""

from __future__ import annotations

import difflib
import inspect
import textwrap
from typing import TYPE_CHECKING

import click

from scriptkit.checking import Selection
from scriptkit.checking.judging import judge_text
from scriptkit.diagnostics import render
from scriptkit.rules import COMPILER_ERROR, all_rules, rule_named
from scriptkit.rules.examples import program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.rules import Rule

UNKNOWN_ERROR = (
    "A refusal of the compiler that no rule explains.\n\nThe message is the compiler's own, cut to what matters. "
    "The code that it points at was accepted by every rule; if that code is right in your eyes, the report of it helps."
)


@click.command("explain")
@click.argument("rule")
def command(rule: str) -> None:
    """Explain RULE, a name or a code: what it finds, why, an example, and what to write instead."""
    if rule.lower() in (COMPILER_ERROR[0].lower(), COMPILER_ERROR[1]):
        click.echo(f"{COMPILER_ERROR[0]} {COMPILER_ERROR[1]}\n\n{UNKNOWN_ERROR}")
        return
    try:
        found = rule_named(rule)
    except KeyError:
        raise click.UsageError(f"`{rule}` names no rule; {_near(rule)}") from None
    click.echo("\n".join(_page(found)))


def _near(word: str) -> str:
    """Rules whose names contain the word or look like it."""
    names = [rule.name for rule in all_rules()]
    found = [name for name in names if word in name] or difflib.get_close_matches(word, names)
    return f"near it: {', '.join(found)}" if found else "`scriptkit rules` lists them"


def _page(rule: Rule) -> Iterator[str]:
    yield f"{rule.code} {rule.name}"
    yield ""
    yield inspect.getdoc(rule) or ""
    for example in rule.INVALID[:1]:
        source = program(example.source)
        yield "\nFound in\n"
        yield _indented(_body(source))
        for finding in judge_text(source, "example.py", Selection((rule.name,)), all_modules=True)[:1]:
            yield "\nand told as\n"
            yield _indented(render(finding, source))
        yield "\nWhat torch says\n"
        yield _indented(example.torch_says or "nothing: it computes something else")
    yield "\nWrite instead\n"
    yield _indented(_body(program(rule.VALID[0])))
    yield f"\nTo allow it on a line: # scriptkit: allow[{rule.name}]"


def _body(source: str) -> str:
    """An example without the imports all of them share."""
    return source.partition("from torch import Tensor, nn\n")[2].strip("\n")


def _indented(text: str) -> str:
    return textwrap.indent(text, "    ")
