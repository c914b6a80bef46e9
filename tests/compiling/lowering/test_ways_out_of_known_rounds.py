"""Loops of a known number of rounds that a condition on data ends: right in whichever round, live and in the file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from scriptkit.compiling.lowering import lower
from tests.compiling.lowering.test_reach import equal_after_loading
from tests.compiling.test_forms_of_python import Form


def converges(x: Tensor) -> Any:
    v = x
    for i in range(20):  # noqa: B007 - read behind the loop
        u = v / 2
        delta = (u - v).abs().max()
        v = u
        if delta < 0.1:
            break
    return v, delta, i


def bisects(x: Tensor) -> Any:
    low, high = x.new_zeros(()), x.abs().max()
    for _ in range(40):
        middle = (low + high) / 2
        over = torch.relu(x - middle).sum() - 1
        if over.abs() < 1e-3:
            break
        if over > 0:
            low = middle
        else:
            high = middle
    return torch.relu(x - middle)


def counts_down_in_threes(x: Tensor) -> Any:
    for i in range(30, 2, -3):  # noqa: B007 - read behind the loop
        x = x * 1.4
        if x.sum() > 10:
            break
    else:
        x = x - 100
    return x, i


def a_number_of_its_own(x: Tensor) -> Any:
    rate = 1.0
    for _ in range(12):
        rate = rate * 0.5
        step = rate * (3 - x.mean())
        x = x + step
        if step.abs() < 0.05:
            break
    return x, rate, step


def returns_and_breaks(x: Tensor) -> Any:
    for i in range(9):
        x = x * 1.3
        found = x.max()
        if found > 9:
            return x, found, i
        if x.min() < -9:
            break
    return x, found, -1


class Exits(nn.Module):
    """An answer that is sure enough needs no more layers."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.layers = nn.ModuleList(nn.Linear(4, 4) for _ in range(12))
        self.heads = nn.ModuleList(nn.Linear(4, 3) for _ in range(12))

    def forward(self, x: Tensor) -> Any:
        used, answer = 0, x[:3]
        for number, layer in enumerate(self.layers):
            used += 1
            x = torch.tanh(layer(x)) + x
            answer = self.heads[number](x)
            if answer.softmax(-1).max() > 0.97:
                break
        else:
            x = -x
        return x, answer, used


INPUTS = [torch.linspace(-1, 2, 4) * 0.05 * 2.0**power for power in range(11)]


@pytest.mark.parametrize("function", [converges, bisects, counts_down_in_threes, a_number_of_its_own])
def test_a_loop_over_numbers_ends_in_any_round(function: Callable[[Tensor], Any]) -> None:
    assert len({str(function(x)[-1]) for x in INPUTS}) > 1
    for example in (INPUTS[0], INPUTS[-1]):
        assert not lower(Form(function), (example,)).dropped
        equal_after_loading(Form(function), (example,), *[(x,) for x in INPUTS])


def test_a_loop_over_numbers_may_return() -> None:
    assert not lower(Form(returns_and_breaks), (INPUTS[0],)).dropped
    equal_after_loading(Form(returns_and_breaks), (INPUTS[0],), *[(x,) for x in INPUTS], (-INPUTS[4],))


def test_a_walk_through_layers_ends_behind_any_of_them() -> None:
    model = Exits()
    inputs = [*INPUTS[4:], *[-x for x in INPUTS[4:7]]]
    assert len({model(x)[-1] for x in inputs}) > 2
    assert not lower(model, (inputs[0],)).dropped
    equal_after_loading(model, (inputs[0],), *[(x,) for x in inputs])
