"""Models that are optimised in the tests."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule


class Block(ScriptableModule):
    """Convolutions with batch normalisation and a shortcut; an exported method besides."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.shortcut = nn.Conv2d(3, 8, 1)
        with torch.no_grad():
            self.norm.running_mean.fill_(0.3)  # type: ignore[union-attr]

    def example_inputs(self) -> tuple[Tensor]:
        return (torch.ones(1, 3, 8, 8),)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.norm(self.conv(x)) + self.shortcut(x)).mean(dim=[2, 3])

    @scriptkit.export
    def doubled(self, x: Tensor) -> Tensor:
        return self.forward(x) * 2


class Counter(ScriptableModule):
    """Remembers how often it was called, in a buffer and in an attribute."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.calls = 0
        self.total: Tensor
        self.register_buffer("total", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        self.total.add_(1)
        return self.fc(x) * self.calls + self.total


class Training(ScriptableModule):
    """Says in which mode it is."""

    def forward(self, x: Tensor) -> Tensor:
        return x * 2 if self.training else x * 3


class Image(nn.Module):
    """A foreign module whose result is an image, which channels last would lay out in another way."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)
