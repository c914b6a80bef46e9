"""Lifted patterns that need postponed evaluation of annotations in the file."""

from __future__ import annotations

from typing import Optional

import torch
from torch import Tensor, nn

from scriptkit import Final, ScriptableModule


class Postponed(ScriptableModule):
    """Every annotation is text when the class statement ends."""

    depth: Final[int]
    gains: list[float]
    table: dict[str, int]
    bias: Optional[Tensor]  # noqa: UP045 as people write it
    fc: nn.Linear

    def __init__(self) -> None:
        super().__init__()
        self.depth = 2
        self.gains = []
        self.table = {}
        self.bias = None
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor, scale: float = 2.0) -> Tensor:
        bias = self.bias
        for _ in range(self.depth):
            x = torch.relu(self.fc(x)) * scale
        if bias is not None:
            x = x + bias
        for gain in self.gains:
            x = x * gain
        return x + len(self.table)


class PostponedChild(Postponed):
    """Its own annotations hide those of the base from torch."""

    names: list[str]

    def __init__(self) -> None:
        super().__init__()
        self.names = []

    def forward(self, x: Tensor, scale: float = 1.0) -> Tensor:
        return super().forward(x, scale) + len(self.names)
