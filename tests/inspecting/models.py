"""Models that are inspected in the tests."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import Final, ScriptableModule


class Layer(ScriptableModule):
    """What is a constant is decided while it is compiled."""

    doubles: Final[bool]

    def __init__(self, doubles: bool = False) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.doubles = doubles

    def forward(self, x: Tensor) -> Tensor:
        """(rows, 4) -> (rows, 4)."""
        y = x
        if self.doubles:
            y = y * 2
        return torch.tanh(self.fc(y))


class Net(ScriptableModule):
    """Layers in a list, a loop and a branch that only a run decides, and an exported method."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([Layer(), Layer(doubles=True)])
        self.scale: Tensor
        self.register_buffer("scale", torch.ones(4))

    def forward(self, x: Tensor, times: int = 2) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        for _ in range(times):
            if x.sum() > 0:
                x = x - 1
            else:
                x = x + self.scale
                x = x * 2
        return self.head(x)

    @scriptkit.export
    def head(self, x: Tensor) -> Tensor:
        pair = (x, x + 1)
        first, second = pair
        return torch.cat([first, second], 1)


class Foreign(nn.Module):
    """Somebody else's module, which has to be lowered."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 2)
        self.power = 2

    def forward(self, x: Tensor, **options: Any) -> Tensor:
        return self.fc(x) ** self.power
