"""Constants by name: what the text shows becomes an annotation, the rest stays."""

from typing import List, Final

import torch
from torch import Tensor, nn
from scriptkit import ScriptableModule, export


class Shown(ScriptableModule):
    depth: Final[int]
    rate: Final[float]
    on: Final[bool]

    def __init__(self, depth: int, rate: float = 0.5) -> None:
        super().__init__()
        self.depth = depth
        self.rate = rate
        self.on = True

    @export
    def forward(self, x: Tensor) -> Tensor:
        return x * self.depth if self.on else x * self.rate


class Hidden(ScriptableModule):
    __constants__ = ["sizes"]

    def __init__(self, sizes: List[int]) -> None:
        super().__init__()
        self.sizes = sizes

    @export
    def forward(self, x: Tensor) -> Tensor:
        return x * len(self.sizes)


class Plain(nn.Module):  # nobody compiles it
    __constants__ = ["depth"]

    def __init__(self, depth: int) -> None:
        super().__init__()
        self.depth = depth

    def forward(self, x: Tensor) -> Tensor:
        return x * self.depth
