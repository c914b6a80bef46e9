"""Modules that no program of torch.export can hold, and some that look like it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


class Forces(nn.Module):
    """Physics: what the module gives is a gradient."""

    def __init__(self) -> None:
        super().__init__()
        self.energy = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = x.detach().requires_grad_()
        (found,) = torch.autograd.grad([self.energy(x).sum()], [x])
        assert found is not None
        return -found


class Packing(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.GRU(3, 3, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        lengths = (x[..., 0].abs() > 0).sum(1).clamp(min=1).cpu()
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        result: Tensor = pad_packed_sequence(self.rnn(packed)[0], batch_first=True)[0]
        return result


class WithNumpy(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.from_numpy(np.tanh(x.detach().numpy()))


class Solving(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        solved: Tensor = torch.linalg.lstsq(x, x * 2).solution
        return solved


class Listing(nn.Module):
    """A list of texts that values decide."""

    def forward(self, x: Tensor) -> list[str]:
        return [f"{float(row.sum()):.1f}" for row in x]


class Adapting(nn.Module):
    """Steps of a differential equation, as long as the error says."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 3)

    def forward(self, y: Tensor) -> Tensor:
        t, dt, steps = 0.0, 0.1, 0
        while t < 1.0 and steps < 50:
            first = torch.tanh(self.fc(y))
            second = torch.tanh(self.fc(y + dt * first))
            error = (dt * 0.5 * (second - first)).norm().item()
            if error < 1e-2:
                y = y + dt * 0.5 * (first + second)
                t += dt
            dt = min(max(dt * 0.9 * (1e-2 / (error + 1e-8)) ** 0.5, 1e-3), 1.0 - t + 1e-6)
            steps += 1
        return y


class Halving(nn.Module):
    """A step is halved as long as the error is too large."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 3)

    def forward(self, y: Tensor) -> Tensor:
        h, error, count = 1.0, 1.0, 0
        new = y
        while error > 0.05:
            h = h * 0.5
            count += 1
            first = torch.tanh(self.fc(y))
            second = torch.tanh(self.fc(y + h * first))
            error = float((second - first).abs().max()) * h
            new = y + h * 0.5 * (first + second)
        return new * count


class Comparing(nn.Module):
    """Functions of torch that give truths of Python."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        if torch.equal(x, y):
            return x
        if x.allclose(y, atol=0.5):
            return x + y
        return x - y
