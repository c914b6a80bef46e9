"""A file of thirty ordinary, typed modules, 1,415 lines: what mypy is timed on."""

from __future__ import annotations

HEADER = """\
from typing import Dict, List, Optional, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
"""
MODULE = '''

class Block{number}(nn.Module):
    """A residual block with several heads."""

    scale: float
    cache: Optional[Tensor]

    def __init__(self, width: int, depth: int, scale: float = 0.5) -> None:
        super().__init__()
        self.scale = scale
        self.cache = None
        self.convs = nn.ModuleList([nn.Conv2d(width, width, 3, padding=1) for _ in range(depth)])
        self.norm = nn.BatchNorm2d(width)
        self.head = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 2))
        self.register_buffer("mean", torch.zeros(1, width, 1, 1))

    def normalise(self, x: Tensor, strength: float) -> Tensor:
        mean = x.mean(dim=1, keepdim=True)
        deviation = (x - mean).pow(2).mean(dim=1, keepdim=True).sqrt()
        if strength > 1.0:
            return (x - self.mean) / (deviation + 1e-5)
        return x * strength

    def pool(self, x: Tensor, sizes: List[int]) -> List[Tensor]:
        pooled: List[Tensor] = []
        for size in sizes:
            if size > 0:
                pooled.append(F.avg_pool2d(x, size).flatten(1))
        return pooled

    def forward(self, x: Tensor, mask: Optional[Tensor] = None) -> Tuple[Tensor, Dict[str, Tensor]]:
        found: Dict[str, Tensor] = {{}}
        for i, conv in enumerate(self.convs):
            x = x + F.relu(conv(x)) * self.scale
            found[f"level{{i}}"] = x
        if mask is not None:
            x = x.masked_fill(mask, 0.0)
        x = self.normalise(self.norm(x), self.scale)
        return self.summary(x), found

    def summary(self, x: Tensor) -> Tensor:
        pooled = self.pool(x, [1, 1])
        total = torch.zeros_like(pooled[0])
        for part in pooled:
            total = total + part
        return self.head(total)
'''


def text(modules: int = 30) -> str:
    """The file."""
    return HEADER + "".join(MODULE.format(number=number) for number in range(modules))
