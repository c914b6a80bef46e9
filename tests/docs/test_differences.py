"""The page of differences: each line of its table is what Python gives, and what compiled code gives."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch

import scriptkit
from scriptkit import ScriptableModule
from tests.rules.loading import load_file

PAGE = Path(__file__).parents[2] / "docs" / "differences.md"
ROWS = re.findall(r"^\| `(.+?)` \| `(.+?)` \| `(.+?)` \|$", PAGE.read_text(), re.MULTILINE)
HEAD = "import torch\nfrom torch import Tensor\n\n\n"
ARGUMENTS = (3, 1.5, 0.5, torch.tensor([1.0, 2.0]), [1, 2])


def test_there_are_rows() -> None:
    assert len(ROWS) > 10


@pytest.mark.parametrize(("expression", "python", "compiled"), ROWS, ids=[row[0] for row in ROWS])
def test_a_line_tells_what_both_give(expression: str, python: str, compiled: str, tmp_path: Path) -> None:
    text = HEAD + f"def f(a: int, f: float, g: float, t: Tensor, l: list[int]):\n    return {expression}\n"
    path = tmp_path / f"row_{abs(hash(expression))}.py"
    path.write_text(text)
    module = load_file(path)
    expected: Any = module.f(*ARGUMENTS)
    assert repr(expected) == python
    assert repr(scriptkit.script(module.f)(*ARGUMENTS)) == compiled


class Unused(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.table = [1, 2]

    def forward(self, x: torch.Tensor, i: int) -> torch.Tensor:
        unused = self.table[i]  # noqa: F841
        return x


def test_an_exception_of_what_nobody_uses_is_not_raised() -> None:
    module = Unused()
    assert module(torch.ones(2), 9).shape == (2,)
    with scriptkit.eager(), pytest.raises(IndexError):
        module(torch.ones(2), 9)
