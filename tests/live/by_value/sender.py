"""Run as a program: pickles of a class, of its instances and of a compiled module of `__main__`, by value."""

import importlib
import sys
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule

FACTOR = 2.0


class Pair(NamedTuple):
    """Of two."""

    first: Tensor
    second: Tensor


def scaled(x: Tensor, factor: float) -> Tensor:
    """Uses another function of this file."""
    return x * factor + lessened(x)


def lessened(x: Tensor) -> Tensor:
    return x - 1


@scriptkit.script
def thrice(x: Tensor) -> Tensor:
    """Compiled by itself."""
    return scaled(x, 3.0)


class Base(ScriptableModule):
    """Has the layer."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)


class Net(Base):
    """Uses all of them."""

    def forward(self, x: Tensor) -> Tensor:
        pair = Pair(self.fc(x), x)
        return scaled(pair.first, FACTOR) + pair.second + thrice(x)

    @scriptkit.export
    def twofold(self, x: Tensor) -> Tensor:
        return self.fc(x) * 2


def fivefold(x: Tensor) -> Tensor:
    """Used by code that is lowered."""
    return x * 5


class Foreign(nn.Module):
    """Does not script."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor, **options: Any) -> Tensor:
        return fivefold(self.fc(x))


class Whole(Base):
    """Has a foreign part."""

    def __init__(self) -> None:
        super().__init__()
        self.part = Foreign()

    def example_inputs(self) -> tuple[Tensor]:
        return (torch.rand(2, 4),)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.part(x))


if __name__ == "__main__":
    target, x = Path(sys.argv[1]), torch.ones(2, 4)
    torch.manual_seed(0)
    net, whole, compiled = Net(), Whole(), scriptkit.compile(Foreign(), (x,))
    things = {"instance": net, "class": Net, "whole": whole, "compiled": compiled}
    expected = {"instance": net(x), "class": net(x), "whole": whole(x), "compiled": compiled(x)}
    torch.save((x, expected, net.state_dict()), target / "expected.pt")
    for library in sys.argv[2:]:
        for name, thing in things.items():
            (target / f"{library}.{name}").write_bytes(importlib.import_module(library).dumps(thing))
