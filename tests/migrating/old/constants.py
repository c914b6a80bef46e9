"""Constants by name: what the text shows becomes an annotation, the rest stays."""

from typing import List

import torch
from torch import Tensor, nn


class Shown(nn.Module):
    __constants__ = ["depth", "rate", "on"]

    def __init__(self, depth: int, rate: float = 0.5) -> None:
        super().__init__()
        self.depth = depth
        self.rate = rate
        self.on = True

    @torch.jit.export
    def forward(self, x: Tensor) -> Tensor:
        return x * self.depth if self.on else x * self.rate


class Hidden(nn.Module):
    __constants__ = ["sizes"]

    def __init__(self, sizes: List[int]) -> None:
        super().__init__()
        self.sizes = sizes

    @torch.jit.export
    def forward(self, x: Tensor) -> Tensor:
        return x * len(self.sizes)


class Plain(nn.Module):  # nobody compiles it
    __constants__ = ["depth"]

    def __init__(self, depth: int) -> None:
        super().__init__()
        self.depth = depth

    def forward(self, x: Tensor) -> Tensor:
        return x * self.depth
