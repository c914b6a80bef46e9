"""The measured models: each written once as a plain `nn.Module`, and made scriptable by inheritance alone."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scriptkit import ScriptableModule


class PlainTiny(nn.Module):
    """Two operators, about 7 microseconds: what binding costs shows here first."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.linear(x))


class Tiny(PlainTiny, ScriptableModule):
    """The same, compiled on construction."""


class PlainChild(nn.Module):
    """One of many equal children."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)
        self.scale = 0.5

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.linear(x)) * self.scale


class Child(PlainChild, ScriptableModule):
    """The same, compiled on construction."""


class PlainNet(nn.Module):
    """A layer with normalisation, dropout and a loop, about 20 microseconds and more."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(16, 16)
        self.norm = nn.BatchNorm1d(16)
        self.drop = nn.Dropout(0.1)
        self.steps = 4

    def forward(self, x: Tensor) -> Tensor:
        x = self.drop(self.norm(self.linear(x)))
        for step in range(self.steps):
            x = torch.tanh(x + step)
        return x


class Net(PlainNet, ScriptableModule):
    """The same, compiled on construction."""


class PlainWide(nn.Module):
    """Equal children one after the other: many slots to bind, one type to compile."""

    def __init__(self, count: int, child: type[nn.Module] = PlainChild) -> None:
        super().__init__()
        self.children_ = nn.ModuleList(child() for _ in range(count))

    def forward(self, x: Tensor) -> Tensor:
        for child in self.children_:
            x = child(x)
        return x


class Wide(PlainWide, ScriptableModule):
    """The same, its children compiled on construction as well."""

    def __init__(self, count: int) -> None:
        super().__init__(count, Child)


class PlainLayers(nn.Module):
    """Many layers of torch, one after the other."""

    def __init__(self, kind: type[nn.Module], count: int) -> None:
        super().__init__()
        given = (4, 4) if kind is nn.Linear else (4,)
        self.layers = nn.ModuleList(kind(*given) for _ in range(count))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


class Layers(PlainLayers, ScriptableModule):
    """The same, compiled on construction."""


class PlainHeavy(nn.Module):
    """64 MiB of parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4096, 4096, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.linear(x))


class Heavy(PlainHeavy, ScriptableModule):
    """The same, compiled on construction."""


def slots(module: nn.Module) -> int:
    """Count what has to be compared before a call: parameters, buffers, children, and attributes with `training`."""
    own = {"_parameters", "_buffers", "_modules", "_non_persistent_buffers_set", "_backward_pre_hooks"}
    total = 0
    for part in module.modules():
        attributes = [name for name in vars(part) if not name.startswith("_") and name not in own]
        total += len(part._parameters) + len(part._buffers) + len(part._modules) + len(attributes)
    return total
