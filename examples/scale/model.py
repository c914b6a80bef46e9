"""The model that is trained, checked in and served here: rows of eight features in, two scores out."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from scriptkit import ScriptableModule

FEATURES = 8


class Scorer(ScriptableModule):
    """Two layers."""

    def __init__(self) -> None:
        super().__init__()
        self.up = nn.Linear(FEATURES, 32)
        self.down = nn.Linear(32, 2)

    def forward(self, features: Tensor) -> Tensor:
        """Scores that add up to one."""
        return self.down(torch.relu(self.up(features))).softmax(-1)


def rows(count: int = 16, seed: int = 0) -> Tensor:
    """Made-up rows."""
    return torch.randn(count, FEATURES, generator=torch.Generator().manual_seed(seed))
