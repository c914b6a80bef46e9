"""What the help of a finding proposes works: torch compiles the program once it is done."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import pytest
import torch

from scriptkit.checking import check_source
from scriptkit.rules.examples import forward, program
from tests.rules.loading import load_file

if TYPE_CHECKING:
    from pathlib import Path

REASSIGNED = [
    (
        "total = 0\nfor i in range(n):\n    total = total + 0.5\nreturn x * total",
        "total = 0.0",
        "total = 0.0\nfor i in range(n):\n    total = total + 0.5\nreturn x * total",
    ),
    (
        "best = None\nfor i in range(n):\n    best = x\nreturn x if best is None else best",
        "best: Optional[Tensor] = None",
        "best: Optional[Tensor] = None\nfor i in range(n):\n    best = x\nreturn x if best is None else best",
    ),
    (
        "best = x\nfor best in given:\n    pass\nreturn x",
        "best: Optional[Tensor] = <value>",
        "best: Optional[Tensor] = x\nfor best in given:\n    pass\nreturn x",
    ),
    (
        "score = x\nif n > 1:\n    score = 'high'\nreturn x",
        "score_str = <value>",
        "score = x\nif n > 1:\n    score_str = 'high'\nreturn x",
    ),
]


@pytest.mark.parametrize(("body", "suggestion", "repaired"), REASSIGNED)
def test_what_is_proposed_for_a_name_of_two_types_compiles(
    body: str, suggestion: str, repaired: str, tmp_path: Path
) -> None:
    parameters = "x: Tensor, n: int, given: List[Optional[Tensor]]"
    (found,) = check_source(program(forward(body, parameters)), all_modules=True)
    assert (found.name, found.suggestion) == ("reassign-changes-type", suggestion)
    with pytest.raises(RuntimeError):
        _compile(program(forward(body, parameters)), tmp_path)
    _compile(program(forward(repaired, parameters)), tmp_path)
    assert check_source(program(forward(repaired, parameters)), all_modules=True) == []


def _compile(text: str, folder: Path) -> None:
    path = folder / f"repaired_{abs(hash(text))}.py"
    path.write_text(text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.script(vars(load_file(path))["Model"]())
