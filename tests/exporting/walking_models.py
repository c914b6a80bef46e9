"""Loops over time that write into windows of a result, or walk back through what they have kept."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from scriptkit import ScriptableModule


class OverlapAdding(ScriptableModule):
    """Frames are added where they overlap."""

    def forward(self, frames: Tensor) -> Tensor:
        count, size = frames.size(0), frames.size(1)
        out = torch.zeros(size + 2 * (count - 1), device=frames.device)
        for i in range(count):
            out[i * 2 : i * 2 + size] += frames[i]
        return out


class Placing(ScriptableModule):
    """Windows beside another index, with bounds on both sides of a number, of a length in two parts."""

    def forward(self, frames: Tensor) -> Tensor:
        out = torch.zeros(2, frames.size(0) + 6, frames.size(1), device=frames.device)
        for i in range(frames.size(0)):
            middle = i + 3
            out[0, middle - 2 : middle + 1 + 1] = frames[i]
            first = middle - 1
            out[1, first : first + 2] += out[0, first : first + 2] * 2
        return out


class Sliding(ScriptableModule):
    """Windows of a length that a size says are read."""

    def forward(self, frames: Tensor) -> Tensor:
        size = frames.size(1)
        total = torch.zeros(size, frames.size(1), device=frames.device)
        padded = torch.cat([frames, torch.zeros(size, frames.size(1), device=frames.device)])
        for i in range(frames.size(0)):
            total = total * 0.5 + padded[i : size + i]
        return total


class Decoding(ScriptableModule):
    """Viterbi's algorithm: the best path is found from its end."""

    def __init__(self, states: int = 4) -> None:
        super().__init__()
        self.change = nn.Parameter(torch.randn(states, states))

    def forward(self, emitted: Tensor) -> Tensor:
        score = emitted[0]
        kept: list[Tensor] = []
        for i in range(1, emitted.size(0)):
            best, choice = (score.unsqueeze(1) + self.change).max(0)
            score = best + emitted[i]
            kept.append(choice)
        last = score.argmax()
        path = [last]
        for i in range(emitted.size(0) - 2, -1, -1):
            last = kept[i][last]
            path.append(last)
        return torch.stack(path).flip(0)


class DecodingInATable(ScriptableModule):
    """The same, with a table in the place of the list."""

    def __init__(self, states: int = 4) -> None:
        super().__init__()
        self.change = nn.Parameter(torch.randn(states, states))

    def forward(self, emitted: Tensor) -> Tensor:
        steps = emitted.size(0)
        score = emitted[0]
        table = torch.zeros(steps, emitted.size(1), dtype=torch.long, device=emitted.device)
        for i in range(1, steps):
            best, choice = (score.unsqueeze(1) + self.change).max(0)
            score = best + emitted[i]
            table[i] = choice
        path = torch.zeros(1, steps, dtype=torch.long, device=emitted.device)
        path[:, steps - 1] = score.argmax()
        for i in range(steps - 2, -1, -1):
            path[:, i] = table[i + 1].gather(0, path[:, i + 1])
        return path
