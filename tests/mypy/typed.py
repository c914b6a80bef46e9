"""Expectations written into the checked text: `# = words` at a line where mypy says exactly one thing."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.mypy.project import Project

HEADER = """\
from typing import Generic, Optional, TypeVar
import torch
from torch import Tensor, nn
from scriptkit import ScriptableModule
"""


def assert_says(project: Project, text: str, *options: str) -> None:
    """Mypy says what the comments expect, and nothing else; `Revealed type is` may be left out."""
    source = HEADER + textwrap.dedent(text)
    project.write(m=source)
    lines = source.splitlines()
    said = {(f.line, f.text) for f in project.check(*options) if f.severity == "error" or "Revealed" in f.text}
    expected = {(n, m[1]) for n, line in enumerate(lines, 1) if (m := re.search(r"  # = (.*)", line))}
    shown = [f"{lines[n - 1].strip()}  ->  {words}" for n, words in sorted(said)]
    assert sorted(n for n, _ in said) == sorted(n for n, _ in expected), shown
    for n, words in said:
        assert dict(expected)[n] in words, lines[n - 1]
