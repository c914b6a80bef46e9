"""Modules that assign to buffers; the root of the tree is another module than the one that has them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class Integrating(nn.Module):
    integral: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("integral", torch.zeros(3))

    def forward(self, x: Tensor) -> Tensor:
        self.integral = self.integral + x
        return x + self.integral


class Limiting(Integrating):
    """A branch on data beside the assignment."""

    def forward(self, x: Tensor) -> Tensor:
        self.integral = self.integral + x
        if bool((x.abs() > 1).any()):
            x = x.clamp(-1, 1)
        return x + self.integral


class GivesTheOld(Integrating):
    """The result is the tensor that is overwritten."""

    def forward(self, x: Tensor) -> Tensor:
        before = self.integral
        self.integral = before + x
        return before


class Swapping(Integrating):
    """What is assigned shares memory with what is overwritten."""

    other: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("other", torch.arange(3.0), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        first, second = self.integral, self.other
        self.integral, self.other = second.flip(0) + x, first
        return first - second


class Centring(nn.Module):
    """A running mean, moved on in training without gradients."""

    mean: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(3))

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            with torch.no_grad():
                self.mean = self.mean * 0.9 + x.detach() * 0.1
        if bool((x.abs() > 1).any()):
            x = x.clamp(-1, 1)
        return x - self.mean


class Twice(nn.Module):
    """The same part is called twice, under two names."""

    def __init__(self, part: nn.Module) -> None:
        super().__init__()
        self.part = part
        self.again = part

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.part(x) * 2 + self.again(x * 2)
        return y


class FromOutside(nn.Module):
    """The buffer of a part is assigned by the module above."""

    def __init__(self) -> None:
        super().__init__()
        self.part = Integrating()

    def forward(self, x: Tensor) -> Tensor:
        self.part.integral = self.part.integral * 0.5
        if bool(x.sum() > 0):
            x = x * 3
        y: Tensor = self.part(x)
        return y


class Deep(nn.Module):
    def __init__(self, part: nn.Module) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(3, 3), nn.ModuleDict({"inner": part})["inner"], nn.Tanh())
        self.fc = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.layers(x))


class Growing(Integrating):
    def forward(self, x: Tensor) -> Tensor:
        self.integral = torch.cat([self.integral, x])
        return self.integral.sum()


class Widening(Integrating):
    def forward(self, x: Tensor) -> Tensor:
        self.integral = self.integral.double() + x
        return self.integral


class Emptying(Integrating):
    def forward(self, x: Tensor) -> Tensor:
        y = x + (0 if self.integral is None else self.integral)
        self.integral: Any = None
        return y


class Beginning(nn.Module):
    last: Tensor | None

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("last", None)

    def forward(self, x: Tensor) -> Tensor:
        y = x if self.last is None else x - self.last
        self.last = x
        return y


class InABranch(nn.Module):
    """A part with state is called on one side only."""

    def __init__(self) -> None:
        super().__init__()
        self.part = Integrating()

    def forward(self, x: Tensor) -> Tensor:
        if bool(x.sum() > 0):
            x = self.part(x)
        return x


class InALoop(nn.Module):
    """A part with state is called as often as the data say."""

    def __init__(self) -> None:
        super().__init__()
        self.part = Integrating()

    def forward(self, x: Tensor) -> Tensor:
        count = 0
        while bool(x.sum() < 20) and count < 6:
            x = self.part(x.abs() + 0.1)
            count += 1
        return x


class Filtering(nn.Module):
    """Two states go on from step to step of a loop over time, and from call to call."""

    state: Tensor
    spread: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("state", torch.zeros(3))
        self.register_buffer("spread", torch.ones(3))

    def forward(self, x: Tensor) -> Tensor:
        found = []
        for row in x.expand(4, 3) * torch.arange(4.0).unsqueeze(1):
            self.spread = self.spread + 0.1
            if not bool(row.sum() > 1):
                gain = self.spread / (self.spread + 0.5)
                self.state = self.state + gain * (row - self.state)
                self.spread = (1 - gain) * self.spread
            found.append(self.state)
        return torch.stack(found)


class Restarting(nn.Module):
    """A state that comes from a layer is put back where it is too large."""

    hidden: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.GRUCell(3, 3)
        self.register_buffer("hidden", torch.zeros(3))

    def forward(self, x: Tensor) -> Tensor:
        self.hidden = self.cell(x, self.hidden)
        if bool(self.hidden.abs().max() > 0.3):
            self.hidden = torch.zeros_like(self.hidden)
        return self.hidden * 2
