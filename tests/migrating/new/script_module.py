"""The oldest style: `ScriptModule`, `script_method`, `Attribute`, names imported from `torch.jit`."""

from typing import List, Tuple

import torch
from torch import Tensor
from torch import jit
import scriptkit
import typing
from scriptkit import ScriptableModule

export_to = "file.pt"


class Cell(ScriptableModule):
    scale: typing.Final[int]

    def __init__(self, width: int) -> None:
        super(Cell, self).__init__()
        self.scale = 2
        self.weight = torch.nn.Parameter(torch.eye(width))
        self.history: List[int] = []

    def forward(self, x: Tensor, state: Tensor) -> Tuple[Tensor, Tensor]:
        state = torch.tanh(x @ self.weight + state) * self.scale
        return state, state

    @scriptkit.export
    def reset(self) -> int:
        self.history.clear()
        return len(self.history)


class Stack(ScriptableModule):
    width: typing.Final[int]

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width
        self.first = Cell(width)
        self.second = Cell(width)

    def forward(self, x: Tensor) -> Tensor:
        state = torch.zeros(x.size(0), self.width)
        x, state = self.first(x, state)
        x, state = self.second(x, state)
        return x

    @scriptkit.export
    def reset(self) -> int:
        return self.first.reset() + self.second.reset()
