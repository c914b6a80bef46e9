"""The runtime refuses exactly where the program in Python does: random sizes, ranks, numbers and dtypes."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.export import Dim

from tests.cpp.models import ROWS, Case
from tests.cpp.running import exported, needs_compiler, recorded, run, saved

pytestmark = [pytest.mark.slow, needs_compiler]
CALLS = 90


class Multiple(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.reshape(x.shape[0] // 4, 4).sum(0)


class AtMost(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * 2 if x.shape[0] <= 5 else x + 1


class Ordered(nn.Module):
    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        if x.shape[0] * 2 < y.shape[0] + 1 or x.shape[0] % 3 == 1:
            return x.sum() + y.sum()
        return x.sum() - y.sum()


class Equal(nn.Module):
    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return x + y


class Derived(nn.Module):
    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return x.repeat(2) + y[1:]


class Numbers(nn.Module):
    def forward(self, x: torch.Tensor, n: int, *, flag: bool, scale: float) -> torch.Tensor:
        torch._check(n >= 2)
        torch._check(n < x.shape[0] + 3)
        return x.new_ones(n) * scale if flag else x


class Checked(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        torch._check(max(x.shape[0], 4) * 2 >= min(x.shape[1], 7))
        torch._check((x.shape[0] - x.shape[1]) ** 2 <= 20)
        return x.mean(1)


class Linear(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x)


DX = Dim("dx", min=3, max=9)
ALL = {0: Dim.AUTO, 1: Dim.AUTO}
CASES = {
    "multiple": Case(Multiple(), (torch.ones(8),), (ROWS,), ()),
    "at most": Case(AtMost(), (torch.ones(4),), (ROWS,), ()),
    "at least": Case(AtMost(), (torch.ones(7),), (ROWS,), ()),
    "ordered": Case(Ordered(), (torch.ones(5), torch.ones(7)), (ROWS, ROWS), ()),
    "ordered, the other way": Case(Ordered(), (torch.ones(3), torch.ones(9)), (ROWS, ROWS), ()),
    "equal": Case(Equal(), (torch.ones(3, 4), torch.ones(3, 4)), (ALL, ALL), ()),
    "derived": Case(Derived(), (torch.ones(6), torch.ones(13)), ({0: DX}, {0: 2 * DX + 1}), ()),
    "numbers": Case(Numbers(), (torch.ones(6), 4), (ROWS, Dim.AUTO, None, None), (), {"flag": True, "scale": 2.0}),
    "checked": Case(Checked(), (torch.ones(6, 7),), (ALL,), ()),
    "linear": Case(Linear(), (torch.ones(3, 4),), (ROWS,), ()),
}


def another(value: Any, chance: random.Random) -> Any:
    """A value like this one: other sizes, now and then another rank or dtype."""
    if isinstance(value, bool):
        return chance.random() < 0.8
    if isinstance(value, int):
        return chance.randrange(12)
    if isinstance(value, float):
        return chance.choice([2.0, 2.0, 2.0, 0.5])
    sizes = [size if chance.random() < 0.6 else chance.randrange(1, 15) for size in value.shape]
    made = torch.ones(sizes)
    return made.double() if chance.random() < 0.15 else made.int() if chance.random() < 0.1 else made


@pytest.mark.parametrize("name", list(CASES))
def test_it_refuses_exactly_what_python_refuses(name: str, driver: Path, tmp_path: Path) -> None:
    case = CASES[name]
    program = exported(case)
    chance = random.Random(name)
    calls = [
        (
            tuple(another(value, chance) for value in case.example),
            {k: another(v, chance) for k, v in case.named.items()},
        )
        for _ in range(CALLS)
    ]
    recording = recorded(program, [(case.example, case.named), *calls], tmp_path / "calls")
    done = run(driver, "replay", saved(program, tmp_path / "model.pt2"), recording)
    said = done.stdout.splitlines()
    assert said[0] == "equal", said[0]
    assert len(said) == CALLS + 1
    assert {line.split()[0] for line in said} <= {"equal", "refused", "failed"}
    wrong = [
        (call, line) for call, line in zip(calls, said[1:], strict=True) if line.startswith(("taken", "different"))
    ]
    assert wrong == []
    assert any(line.startswith("refused") for line in said)


def test_a_refusal_says_what_and_why(driver: Path, tmp_path: Path) -> None:
    program = exported(CASES["at most"])
    recording = recorded(program, [((torch.ones(9),), {}), ((torch.ones(2, 3),), {}), (("x",), {})], tmp_path / "calls")
    said = run(driver, "replay", saved(program, tmp_path / "model.pt2"), recording).stdout.splitlines()
    assert said == [
        "refused `forward` cannot take this call: dimension 0 of `x` must be at most 5, not 9",
        "refused `forward` cannot take this call: `x` must have 1 dimensions, not 2",
        "refused `forward` cannot take this call: `x` must be a tensor, not the text 'x'",
    ]
