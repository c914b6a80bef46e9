"""A small project on disk, and what mypy says of it with the plugin."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pytest
from mypy import api

from scriptkit.mypy import AFTER_CHECKING

after_checking = pytest.mark.skipif(not AFTER_CHECKING, reason="mypy before 2.4 does not say when a file is checked")
FAKE = Path(__file__).parent / "fake"  # a torch and a scriptkit of a few lines: mypy reads them in no time
_LINE = re.compile(
    r"^(?P<path>[^:]+):(?P<line>\d+):((?P<column>\d+):)?((?P<end>\d+:\d+):)? (?P<severity>\w+): (?P<text>.*)$"
)


class Found(NamedTuple):
    """One line of mypy's output."""

    path: str
    line: int
    column: int
    code: str
    text: str
    severity: str
    end: str


@dataclass
class Project:
    """Files in a folder, and how mypy is called on them."""

    folder: Path
    options: list[str] = field(default_factory=list)
    settings: str = ""
    mypy: str = ""

    def write(self, **files: str) -> None:
        """Write `name="text"` as name.py."""
        self.folder.joinpath("pyproject.toml").write_text(
            '[tool.mypy]\nplugins = ["scriptkit.mypy"]\nshow_traceback = true\n'
            + self.mypy
            + "[tool.scriptkit]\n"
            + self.settings,
        )
        for name, text in files.items():
            path = self.folder / f"{name.replace('__', '/')}.py"
            path.parent.mkdir(exist_ok=True)
            path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")

    def arguments(self, *more: str) -> list[str]:
        """What mypy is called with."""
        shown = [
            "--show-column-numbers",
            "--no-error-summary",
            "--no-pretty",
            "--show-error-end",
            "--hide-error-context",
        ]
        return [*shown, *self.options, *more, *([] if any(m.endswith(".py") for m in more) else ["."])]

    def check(self, *more: str) -> list[Found]:
        """Everything mypy says."""
        out, err, _ = api.run(self.arguments(*more))
        assert not err, err
        return read(out)

    def codes(self, *more: str) -> list[str]:
        """`file:line code` for everything mypy says."""
        return [short(found) for found in self.check(*more)]


def short(found: Found) -> str:
    """`file:line code`."""
    return f"{found.path}:{found.line} {found.code}"


def read(output: str) -> list[Found]:
    """The lines of mypy's output, in order of file and line."""
    found = []
    for line in output.splitlines():
        match = _LINE.match(line)
        assert match, line
        text, _, code = match["text"].rpartition("  [")
        if not code.endswith("]") or not text:
            text, code = match["text"], "]"
        column = int(match["column"] or 0)
        found.append(
            Found(match["path"], int(match["line"]), column, code[:-1], text, match["severity"], match["end"] or "")
        )
    return sorted(found, key=lambda f: (f.path, f.line, f.column))
