"""Whole numbers among the inputs: a file holds them whatever their sign, and takes the calls the method takes."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

import scriptkit


class Divided(nn.Module):
    def forward(self, x: torch.Tensor, n: int) -> tuple[int, int, torch.Tensor]:
        return n // 2, n % 3, x / n


class WithoutSign(nn.Module):
    def forward(self, x: torch.Tensor, n: int) -> torch.Tensor:
        return x * abs(n) + abs(n - 4)


class Rounded(nn.Module):
    def forward(self, x: torch.Tensor, n: int) -> tuple[torch.Tensor, ...]:
        size = x.shape[1]
        some = x.new_zeros(math.ceil(size / 2)), x.new_zeros(math.floor(size / 2)), x.new_zeros(math.ceil(size * 1.3))
        return *some, x * math.floor(n * 0.7), x * math.ceil(n / 3), x * math.ceil(n * 1.3), x.new_zeros(abs(size - 9))


class Counted(nn.Module):
    def forward(self, x: torch.Tensor, n: int) -> torch.Tensor:
        if n < 0:
            return x
        return x + n


def loaded(module: nn.Module, n: int) -> Callable[..., Any]:
    exported = scriptkit.export_program(module, (torch.ones(2, 3), n))
    file = io.BytesIO()
    exported.save(file)
    file.seek(0)
    return scriptkit.load(file)


@pytest.mark.parametrize("example", [-7, 7])
@pytest.mark.parametrize("module", [Divided(), WithoutSign()])
def test_a_number_is_taken_whatever_its_sign(module: nn.Module, example: int) -> None:
    form = loaded(module, example)
    for n in (-8, -7, -1, 1, 2, 7):
        x = torch.full((2, 3), 1.5)
        torch.testing.assert_close(form(x, n), module(x, n), rtol=0, atol=0)


def test_sizes_are_rounded_as_python_rounds_them() -> None:
    form = loaded(Rounded(), 4)
    for size, n in ((3, 4), (4, 9), (5, -4), (6, 0), (7, 10)):
        x = torch.full((2, size), 0.5)
        torch.testing.assert_close(tuple(form(x, n)), Rounded()(x, n), rtol=0, atol=0)


def test_what_a_branch_asks_of_a_number_is_asked_of_every_call() -> None:
    form = loaded(Counted(), 3)
    assert torch.equal(form(torch.ones(2, 3), 0), torch.ones(2, 3))
    with pytest.raises(scriptkit.InputError, match="'n' must be at least 0, and was -1"):
        form(torch.ones(2, 3), -1)
