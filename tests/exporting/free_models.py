"""Modules whose sizes are numbers in their code."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scriptkit import ScriptableModule


class Filtering(ScriptableModule):
    def forward(self, x: Tensor) -> Tensor:
        n = x.size(-1)
        decay = torch.exp(-torch.fft.rfftfreq(n, device=x.device))
        smooth: Tensor = torch.fft.irfft(torch.fft.rfft(x) * decay, n=n)
        return smooth * torch.hann_window(n, device=x.device)


class Warping(ScriptableModule):
    def forward(self, x: Tensor) -> Tensor:
        turn = torch.tensor([[[0.9, 0.1, 0.0], [-0.1, 0.9, 0.1]]], device=x.device).expand(x.size(0), 2, 3)
        picture = x.unsqueeze(1)
        return F.grid_sample(
            picture, F.affine_grid(turn, list(picture.shape), align_corners=False), align_corners=False
        )


class Scaling(ScriptableModule):
    def forward(self, x: Tensor) -> Tensor:
        scores = x @ x.transpose(1, 2) / math.sqrt(x.size(1))
        return scores.softmax(-1) / (1.0 + math.log(x.size(1)))


class ScalingInALoop(ScriptableModule):
    def forward(self, x: Tensor) -> Tensor:
        total = torch.zeros(x.size(1), x.size(2), device=x.device)
        for i in range(x.size(0)):
            total = total + x[i] / math.sqrt(x.size(1)) * torch.linspace(0, 1, x.size(2), device=x.device)
        return total


class ByTheWholeLength(nn.Module):
    """The convolution of texts: the maximum over all places."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(6, 5, 2)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x.transpose(1, 2))
        return F.max_pool1d(y, y.size(2)).squeeze(2) * x.new_tensor([x.size(1)])


class PaddedToFours(nn.Module):
    """torch itself goes another way where there is nothing to pad."""

    def __init__(self) -> None:
        super().__init__()
        self.letters = nn.Embedding(256, 8)
        self.conv = nn.Conv1d(8, 8, 3, padding=1)
        self.out = nn.Linear(8, 256)

    def forward(self, ids: Tensor) -> Tensor:
        missing = (4 - ids.size(1) % 4) % 4
        x = F.gelu(self.conv(self.letters(F.pad(ids, (0, missing))).transpose(1, 2)))
        means = x.view(x.size(0), 8, -1, 4).mean(-1).repeat_interleave(4, dim=2)
        y: Tensor = self.out((x + means).transpose(1, 2))
        return y[:, : y.size(1) - missing]
