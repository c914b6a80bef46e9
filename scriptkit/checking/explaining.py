"""A rule at length: what it finds, why, an example with its message, what torch says, and what to write instead."""

from __future__ import annotations

import inspect
import textwrap
from functools import cache
from typing import TYPE_CHECKING

from scriptkit.checking.judging import judge_text
from scriptkit.checking.selecting import Selection
from scriptkit.diagnostics import render
from scriptkit.rules import all_rules, rule_named
from scriptkit.rules.examples import program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.rules import Rule


def explained(rule: Rule) -> str:
    """The page for a terminal."""
    return "\n".join(_page(rule))


def _page(rule: Rule) -> Iterator[str]:
    yield f"{rule.code} {rule.name}"
    yield ""
    yield inspect.getdoc(rule) or ""
    for example in rule.INVALID[:1]:
        source = program(example.source)
        yield "\nFound in\n"
        yield _indented(_body(source))
        for drawing in _told(rule, source):
            yield "\nand told as\n"
            yield _indented(drawing)
        yield "\nWhat torch says\n"
        yield _indented(example.torch_says or "nothing: it computes something else")
    yield "\nWrite instead\n"
    yield _indented(_body(program(rule.VALID[0])))
    yield f"\nTo allow it on a line: # scriptkit: allow[{rule.name}]"


@cache
def as_markdown(name: str) -> str:
    """The page of the rule of this name, for an editor; empty where there is no such rule."""
    if all(rule.name != name for rule in all_rules()):
        return ""
    return "\n\n".join(_paragraphs(rule_named(name))) + "\n"


def _paragraphs(rule: Rule) -> Iterator[str]:
    yield f"# {rule.code} {rule.name}"
    yield inspect.getdoc(rule) or ""
    for example in rule.INVALID[:1]:
        source = program(example.source)
        yield f"```python\n{_body(source)}\n```"
        for drawing in _told(rule, source):
            yield f"```text\n{drawing}\n```"
        yield f"torch says: `{example.torch_says}`" if example.torch_says else "torch says nothing."
    yield f"Write instead:\n\n```python\n{_body(program(rule.VALID[0]))}\n```"
    yield f"To allow it on a line: `# scriptkit: allow[{rule.name}]`"


def _told(rule: Rule, source: str) -> list[str]:
    found = judge_text(source, "example.py", Selection((rule.name,)), all_modules=True)
    return [render(finding, source) for finding in found[:1]]


def _body(source: str) -> str:
    """An example without the imports all of them share."""
    return source.partition("from torch import Tensor, nn\n")[2].strip("\n")


def _indented(text: str) -> str:
    return textwrap.indent(text, "    ")
