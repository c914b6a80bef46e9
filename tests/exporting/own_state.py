"""Modules of scriptkit that assign to their state, beside a branch on data: only a rewritten program holds both."""

from typing import Any

import torch
from torch import Tensor

from scriptkit import ScriptableModule


class Integrating(ScriptableModule):
    """A buffer is exchanged, and read after it."""

    def __init__(self) -> None:
        super().__init__()
        self.integral: Tensor
        self.register_buffer("integral", torch.zeros(3))

    def forward(self, error: Tensor) -> Tensor:
        self.integral = self.integral + error
        if bool((error.abs() > 1).any()):
            error = error.clamp(-1, 1)
        return error + self.integral


class Shifting(ScriptableModule):
    """A line of the latest values, moved on by one."""

    def __init__(self) -> None:
        super().__init__()
        self.line: Tensor
        self.register_buffer("line", torch.zeros(4, 3))

    def forward(self, error: Tensor) -> Tensor:
        self.line = torch.cat([self.line[1:], error.unsqueeze(0)])
        if bool(error.sum() > 0):
            error = error * 2
        return error + self.line.mean(0)


class Remembering(ScriptableModule):
    """State in a plain attribute, None at first."""

    def __init__(self) -> None:
        super().__init__()
        self.last: Tensor | None = None

    def forward(self, error: Tensor) -> Tensor:
        last = self.last
        change = torch.zeros_like(error)
        if last is not None:
            change = error - last
        self.last = error
        if bool((error.abs() > 1).any()):
            error = error.clamp(-1, 1)
        return error + change


class Guarded(Integrating):
    """Whoever assigns runs code of the user's."""

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value * 2 if name == "integral" else value)
