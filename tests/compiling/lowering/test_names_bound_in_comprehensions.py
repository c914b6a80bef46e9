"""`:=` in comprehensions: the name goes from round to round and outlives it, as in Python."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

import scriptkit


class OverTime(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.GRUCell(4, 4)

    def forward(self, x: Tensor, t: float = 2.0) -> Any:
        h = torch.zeros(x.size(0), 4)
        steps = [h := self.cell(t, h) for t in x.unbind(1)]
        return torch.stack(steps, 1) * t, h


class Filtered(nn.Module):
    def forward(self, x: Tensor) -> Any:
        total, t = x.new_zeros(x.size(0), 4), 3
        steps = [total := total + t for t in x.unbind(1) if bool(t.sum() > 0)]
        return total * t, len(steps)


class OverLayers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(4, 4) for _ in range(3))

    def forward(self, x: Tensor) -> Any:
        steps = [x := torch.tanh(layer(x)) for layer in self.layers]
        return torch.stack(steps).sum(0) + x


class Nested(nn.Module):
    def forward(self, x: Tensor) -> Any:
        last = 0.0
        sums = [(last := last + value.item()) for row in x.unbind(0) for value in row.sum(-1).unbind(0)]
        return torch.tensor(sums) + last


@pytest.mark.parametrize("cls", [OverTime, Filtered, OverLayers, Nested])
def test_it_is_what_python_computes_at_every_length(cls: type[nn.Module]) -> None:
    net = cls()
    lowered = scriptkit.compile(net, example_inputs=(torch.randn(2, 5, 4),))

    for shape in ((2, 5, 4), (3, 7, 4), (1, 1, 4)):
        x = torch.randn(shape)
        torch.testing.assert_close(lowered(x), net(x))
    assert "lowered" in str(scriptkit.report(lowered))
