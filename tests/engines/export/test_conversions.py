"""A `forward` may convert its modules to what they are already; what it would change is as it was."""

from __future__ import annotations

import copy

import torch
from torch import nn

import scriptkit


class Converting(nn.Module):
    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 2)
        self.norm = nn.BatchNorm1d(2)
        self.dtype = dtype

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.fc = self.fc.to(self.dtype)
        return self.norm.to(x.device)(self.fc(x.to(self.dtype)).float())


def test_a_conversion_that_changes_nothing_is_no_part_of_the_program() -> None:
    module, before = Converting(torch.float32).eval(), nn.Module._apply
    exported = scriptkit.export_program(module, (torch.randn(3, 4),))
    for batch in (1, 3, 5):
        x = torch.randn(batch, 4)
        torch.testing.assert_close(exported(x), module(x), rtol=0, atol=0)
    called = [node.name for node in exported.program().graph.nodes if node.op == "call_function"]
    assert not any("empty" in name for name in called)
    assert nn.Module._apply is before


def test_a_conversion_that_changes_the_weights_gives_what_the_module_gives() -> None:
    before = nn.Module._apply
    module = Converting(torch.float64).eval()
    x = torch.randn(3, 4)
    expected = copy.deepcopy(module)(x)
    assert torch.equal(scriptkit.export_program(module, (x,))(x), expected)
    assert nn.Module._apply is before
