"""The oldest style: `ScriptModule`, `script_method`, `Attribute`, names imported from `torch.jit`."""

from typing import List, Tuple

import torch
from torch import Tensor
from torch import jit
from torch.jit import Final, ScriptModule, export

export_to = "file.pt"


class Cell(jit.ScriptModule):
    __constants__ = ["scale"]

    def __init__(self, width: int) -> None:
        super(Cell, self).__init__()
        self.scale = 2
        self.weight = torch.nn.Parameter(torch.eye(width))
        self.history = jit.Attribute([], List[int])

    @jit.script_method
    def forward(self, x: Tensor, state: Tensor) -> Tuple[Tensor, Tensor]:
        state = torch.tanh(x @ self.weight + state) * self.scale
        return state, state

    @jit.script_method
    def reset(self) -> int:
        self.history.clear()
        return len(self.history)


class Stack(ScriptModule):
    width: Final[int]

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width
        self.first = Cell(width)
        self.second = Cell(width)

    @jit.script_method
    def forward(self, x: Tensor) -> Tensor:
        state = torch.zeros(x.size(0), self.width)
        x, state = self.first(x, state)
        x, state = self.second(x, state)
        return x

    @export
    def reset(self) -> int:
        return self.first.reset() + self.second.reset()
