"""`docs/ecosystem.md`, from the outcomes of all stories."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from tests.ecosystem.models import KINDS
from tests.ecosystem.story import Outcome, Story

ALLOWED = 3
PAGE = Path(__file__).parent.parent.parent / "docs" / "ecosystem.md"
MARKS = {"equal": "equal", "missing": "not tried", "none": "-", "differs": "differs", "error": "refused"}

HEAD = """\
# What works with what

<!-- written by `make ecosystem` -->

Tools that people put round a model, each in an everyday use, told four times with the same weights: with a plain
`nn.Module`, with a `ScriptableModule`, with `scriptkit.compile(module)`, and with the module of a loaded file.

*equal*: the results are those of the plain module. A number leads to what was told besides: mostly that the call ran as
Python, since compiled code cannot represent it. *refused*: an error, with its words; those of loaded files are torch's.
`-`: nothing that can be done with TorchScript.

"""


def write_page(rows: list[tuple[Story, dict[str, Outcome]]]) -> None:
    """Write the table of all stories and the words beneath it."""
    notes: dict[str, int] = {}
    lines = ["| tool | what | plain | own | compiled | loaded file |", "|---|---|---|---|---|---|"]
    for one, found in rows:
        cells = [_cell(found[kind], notes) for kind in KINDS]
        lines.append(f"| {_tool(one)} | {one.what} | {' | '.join(cells)} |")
    told = [f"{number}. {words}" for words, number in notes.items()]
    counts = "; ".join(f"{kind} {sum(f[kind].verdict == 'equal' for _, f in rows)}" for kind in KINDS)
    text = (
        f"{HEAD}{len(rows)} uses, equal in: {counts}.\n\n"
        + "\n".join(lines)
        + "\n\n## What was told\n\n"
        + "\n".join(told)
    )
    PAGE.write_text(f"{text}\n", encoding="utf-8")


def _tool(one: Story) -> str:
    if not one.package:
        return one.tool
    try:
        return f"{one.tool} {version(one.package)}"
    except ImportError:
        return one.tool


def _cell(outcome: Outcome, notes: dict[str, int]) -> str:
    mark = MARKS[outcome.verdict]
    if not outcome.words:
        return mark
    words = outcome.words.replace("|", "\\|").replace("\n", " ")
    return f"{mark} ({notes.setdefault(words, len(notes) + 1)})"
