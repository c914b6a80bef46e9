"""The one model that is put among the tools: as a plain module, as an own one, compiled, and read from a file."""

from __future__ import annotations

import io
from typing import Any, Final

import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule

KINDS: Final = ("plain", "own", "compiled", "loaded")
SIZE: Final = 8


class Net(nn.Module):
    """Two layers with a norm between them."""

    def __init__(self) -> None:
        super().__init__()
        self.up = nn.Linear(SIZE, 16)
        self.norm = nn.LayerNorm(16)
        self.down = nn.Linear(16, SIZE)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(torch.relu(self.norm(self.up(x))))


class Own(ScriptableModule):
    """The same as a `ScriptableModule`."""

    def __init__(self) -> None:
        super().__init__()
        self.up = nn.Linear(SIZE, 16)
        self.norm = nn.LayerNorm(16)
        self.down = nn.Linear(16, SIZE)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(torch.relu(self.norm(self.up(x))))


def made(kind: str) -> Any:
    """A fresh model of that kind, always with the same weights."""
    torch.manual_seed(0)
    if kind == "own":
        return Own()
    plain = Net()
    if kind == "plain":
        return plain
    compiled = scriptkit.compile(plain, (inputs(),))
    if kind == "compiled":
        return compiled
    file = io.BytesIO()
    scriptkit.save(compiled, file)
    file.seek(0)
    return scriptkit.load(file).module


def inputs(rows: int = 4) -> Tensor:
    """A batch, always the same."""
    return torch.randn(rows, SIZE, generator=torch.Generator().manual_seed(1))
