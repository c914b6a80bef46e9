"""Lowering while another thread exchanges a part and puts it back: a program is of one state."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from scriptkit.compiling.lowering import run
from scriptkit.live import steady


class Around(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 2)

    def forward(self, x: Tensor, **_: object) -> Tensor:
        out: Tensor = self.fc(x)
        return out


def test_a_part_that_was_another_while_the_code_was_read_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    net, before = Around(), nn.Linear(3, 2)
    now = net.fc

    def places_of(module: nn.Module) -> list[tuple[str, nn.Module]]:
        """As a thread would have it that exchanges the part around each look at the tree."""
        net.fc = before
        found = steady.places_of(module)
        net.fc = now
        return found

    monkeypatch.setattr(run, "places_of", places_of)
    monkeypatch.setattr(run, "require_places", lambda _module, _places: None)
    with pytest.raises(steady.ChangingError, match="another thread changes it"):
        run.lower(net, (torch.rand(2, 3),), {})
