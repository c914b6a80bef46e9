"""Models that write to inputs and buffers in branches and loops that only a run decides."""

import torch
from torch import Tensor, nn


class Writing(nn.Module):
    """Two buffers."""

    def __init__(self) -> None:
        super().__init__()
        self.mean: Tensor
        self.calls: Tensor
        self.register_buffer("mean", torch.zeros(2))
        self.register_buffer("calls", torch.zeros(()))


class InputInABranch(Writing):
    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 0:
            x.add_(1)
        return x * 2


class BufferInABranch(Writing):
    def forward(self, x: Tensor) -> Tensor:
        if not torch.isnan(x).any():
            self.mean.mul_(0.5).add_(x.mean(0), alpha=0.5)
            self.calls += 1
        return x - self.mean


class BothArms(Writing):
    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 0:
            self.mean[0] = 3.0
            self.calls = self.calls + 1
        else:
            x[0] = 1
        return x + self.mean


class NestedBranches(Writing):
    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 0:
            self.mean += 1
            if x.max() > 1:
                self.mean.mul_(3)
                x[0] = 0
        return x + self.mean


class OnceOnly(Writing):
    """Under `no_grad`, as running statistics are kept."""

    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            if self.calls == 0:
                self.mean.copy_(x.mean(0))
                self.calls.fill_(1)
        return x - self.mean


class ThroughViews(Writing):
    """A view from before the branch, one made in it."""

    def forward(self, x: Tensor) -> Tensor:
        first = x[:, 0]
        if x.sum() > 0:
            first.add_(1)
        y = x * 1
        if x.sum() > 1:
            row = y[0]
            row.mul_(2)
        return x + y


class TwoNames(Writing):
    """Two names of one memory are written in one branch, which gives nothing else."""

    def forward(self, x: Tensor) -> Tensor:
        y = x * 1
        row = y[0]
        if x.sum() > 0:
            y.add_(1)
            row.mul_(2)
        return x + y


class InALoop(Writing):
    def forward(self, x: Tensor) -> Tensor:
        y = x.abs() + 1
        while y.sum() < 30:
            y.add_(1)
            self.mean.add_(y[0])
            if self.mean.max() > 20:
                break
        return y


class InPlaceFunctions(Writing):
    def forward(self, x: Tensor) -> Tensor:
        y = x.clone()
        if x.sum() > 0:
            torch.nn.functional.relu(y, inplace=True)
        else:
            torch.mul(x, 2, out=y)
        return y


class Part(Writing):
    def forward(self, x: Tensor) -> Tensor:
        self.mean.add_(1)
        return x + self.mean


class InAPart(nn.Module):
    """A part writes its own buffer, and the branch gives nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.part = Part()

    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 0:
            self.part(x)
        return x * 2


class UntilAPartIsFull(nn.Module):
    """A loop that carries nothing but what a part writes."""

    def __init__(self) -> None:
        super().__init__()
        self.part = Part()

    def forward(self, x: Tensor) -> Tensor:
        while self.part.mean.sum() < 5:
            self.part(x)
        return x + self.part.mean


class Rows(nn.Module):
    """One row of the result in every round."""

    def forward(self, x: Tensor) -> Tensor:
        out = torch.zeros(x.shape[0], 2)
        state = torch.zeros(2)
        for t in range(x.shape[0]):
            state = torch.tanh(x[t] + state)
            out[t] = state
        return out


class Columns(nn.Module):
    """One column in every round, and one number of it."""

    def forward(self, x: Tensor) -> Tensor:
        out = torch.zeros(2, x.shape[0])
        for t in range(x.shape[0]):
            out[:, t] = x[t] * 2
            out[1, t] = x[t, 0] + 1
        return out


WRITING = [
    InputInABranch,
    BufferInABranch,
    BothArms,
    NestedBranches,
    OnceOnly,
    ThroughViews,
    TwoNames,
    InALoop,
    InPlaceFunctions,
    InAPart,
    UntilAPartIsFull,
]
