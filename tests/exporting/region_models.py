"""Modules with parts that run without gradients, or in another precision."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scriptkit import ScriptableModule


class Quantising(ScriptableModule):
    """A vector quantiser whose codes follow the data in training: nothing leaves the region but what it writes."""

    def __init__(self, codes: int = 8, width: int = 4) -> None:
        super().__init__()
        self.embed: Tensor
        self.uses: Tensor
        self.sums: Tensor
        first = torch.randn(codes, width)
        self.register_buffer("embed", first)
        self.register_buffer("uses", torch.ones(codes))
        self.register_buffer("sums", first.clone())

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        distance = x.pow(2).sum(1, keepdim=True) - 2 * x @ self.embed.t() + self.embed.pow(2).sum(1)
        ids = distance.argmin(1)
        chosen = F.one_hot(ids, 8).type_as(x)
        codes = F.embedding(ids, self.embed)
        if self.training:
            with torch.no_grad():
                self.uses.mul_(0.9).add_(chosen.sum(0), alpha=0.1)
                self.sums.mul_(0.9).add_(chosen.t() @ x, alpha=0.1)
                self.embed.copy_(self.sums / (self.uses + 1e-5).unsqueeze(1))
        return x + (codes - x).detach(), ids


class Tracking(ScriptableModule):
    """A branch on data within the region."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.mean: Tensor
        self.register_buffer("mean", torch.zeros(4))

    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        with torch.no_grad():
            self.mean.mul_(0.9).add_(y.sum(0))
            scale = y.abs().max()
            if bool(self.mean.sum() > 0):
                self.mean.mul_(0.5)
                scale = scale * 2
        return y * scale + self.mean


class Scaling(ScriptableModule):
    """What was computed before is written to in the region, and keeps the gradients it had."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        with torch.no_grad():
            norm = y.norm()
            if bool(norm > 1):
                norm = norm * 0.5
            y.add_(norm)
        return y * 2


class Counting(nn.Module):
    """Only a write in a region of another precision, and a region with nothing in it."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.mean: Tensor
        self.register_buffer("mean", torch.zeros(4))

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            self.mean.add_(x.sum(0))
        with torch.no_grad(), torch.enable_grad():
            y: Tensor = self.fc(x)
        return y
