"""Write the page of all rules from the rules themselves: `python -m tools.rules`; `--check` fails when it is stale."""

from __future__ import annotations

import argparse
import inspect
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from scriptkit.checking import Selection
from scriptkit.checking.judging import judge_text
from scriptkit.diagnostics import render
from scriptkit.rules import all_rules
from scriptkit.rules.examples import HEADER, program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.rules import Rule

PAGE = Path(__file__).parent.parent / "docs" / "rules.md"
INTRODUCTION = """\
# Rules

<!-- written by `make rules`; the texts stand in scriptkit/rules -->

Each rule is one mistake. The installed torch decides in the tests that the first program is refused, or computes
something else, and that the last one compiles. `scriptkit explain NAME` shows the same in a terminal; a comment
`# scriptkit: allow[NAME]` on the line, or on the line of the class, silences a rule.

Every program begins with these imports:

"""


def main() -> None:
    """Write the page, or say that it is stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    text = "\n".join(page()) + "\n"
    if not parser.parse_args().check:
        PAGE.write_text(text)
    elif not PAGE.is_file() or PAGE.read_text() != text:
        sys.exit("docs/rules.md is stale: run `make rules`")


def page() -> Iterator[str]:
    """The whole page, line by line."""
    yield INTRODUCTION + fenced("python", HEADER)
    yield "| code | name | finds |\n|---|---|---|"
    for rule in all_rules():
        yield f"| {rule.code} | [{rule.name}](#{rule.name}) | {summary(rule)} |"
    for rule in all_rules():
        yield from section(rule)


def section(rule: Rule) -> Iterator[str]:
    """One rule: what it finds and why, an example with its message, what torch says, what to write instead."""
    yield f"\n## {rule.name}\n"
    yield f"{rule.code}{remarks(rule)}\n"
    yield f"{inspect.getdoc(rule)}\n"
    for example in rule.INVALID[:1]:
        source = program(example.source)
        yield fenced("python", body(source))
        for finding in judge_text(source, "example.py", Selection((rule.name,)), all_modules=True)[:1]:
            yield fenced("text", render(finding, source))
        says = f"What torch says: `{example.torch_says}`" if example.torch_says else "Torch says nothing."
        yield f"{says}\n"
    yield "Write instead:\n"
    yield fenced("python", body(program(rule.VALID[0])))


def summary(rule: Rule) -> str:
    """The first line of its documentation."""
    return (rule.__doc__ or "").partition("\n")[0].strip().replace("|", "\\|")


def remarks(rule: Rule) -> str:
    """What is special about a rule."""
    found = [
        "a warning" if rule.severity == "warning" else "",
        "works in a `ScriptableModule`" if rule.lifted else "",
        "off unless it is selected" if rule.optional else "",
    ]
    return "".join(f", {remark}" for remark in found if remark)


def body(source: str) -> str:
    """A program without the imports all of them share."""
    future, _, rest = source.partition(HEADER)
    return future + rest.strip("\n")


def fenced(language: str, text: str) -> str:
    """A block of code."""
    return f"```{language}\n{text.strip(chr(10))}\n```\n"


if __name__ == "__main__":
    main()
