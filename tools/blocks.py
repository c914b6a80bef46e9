"""The fenced blocks of a Markdown page: what the pages show, and what the tests run."""

from __future__ import annotations

import re
from dataclasses import dataclass

FENCE = re.compile(
    r"^(?P<ticks>```+)(?:\{(?P<directive>[\w-]+)\} ?)?(?P<language>[^\n]*)\n(?P<text>.*?)^(?P=ticks)$",
    re.MULTILINE | re.DOTALL,
)
OPTION = re.compile(r":([\w-]+): ?(.*)\n")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, the line it begins at and where its text stands.

    `caption` names the file that a `{code-block}` is to be saved as.
    """

    language: str
    text: str
    line: int
    span: tuple[int, int]
    caption: str = ""


def blocks(markdown: str) -> list[Block]:
    """All blocks of code in order; other directives of the page (tables of contents, notes) are none."""
    found = []
    for match in FENCE.finditer(markdown):
        if match["directive"] not in {None, "code-block"}:
            continue
        start, options = match.start("text"), {}
        while match["directive"] and (option := OPTION.match(markdown, start, match.end("text"))):
            options[option[1]] = option[2]
            start = option.end()
        while match["directive"] and markdown[start] == "\n":
            start += 1
        line = markdown.count("\n", 0, match.start()) + 1
        text = markdown[start : match.end("text")]
        found.append(
            Block(match["language"].strip(), text, line, (start, match.end("text")), options.get("caption", ""))
        )
    return found
