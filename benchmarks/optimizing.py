"""What `optimize` wins over plain script, and what `inspect` takes of a large file.

`ours` is the optimised program, `theirs` the program as it was compiled: a goal of 0.5 is twice as fast.
"""

from __future__ import annotations

import importlib
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import scriptkit
from benchmarks.interleaving import interleave
from benchmarks.measurements import Effort, Measurement, Row, milliseconds
from benchmarks.packages import can_import
from examples.residual import ResidualNet
from tests.zoo import torchvision_operators


class PlainBlock(nn.Module):
    """The residual block of the README."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(n, outputs, 3, padding=1) for n in (inputs, outputs))
        self.shortcut = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for layer, conv in enumerate(self.convs):
            y = conv(y) if layer == 1 else F.relu(conv(y))
        return F.relu(self.shortcut(x) + y)


def _torchvision(name: str) -> nn.Module:
    torchvision_operators.declare()
    made: nn.Module = getattr(importlib.import_module("torchvision.models"), name)()
    return made


def models() -> dict[str, tuple[nn.Module, tuple[Tensor, ...], float | None]]:
    """What is optimised, with its inputs and its goal."""
    images = torch.rand(1, 3, 224, 224)
    mlp = nn.Sequential(nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 32))
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(64, 4, 128, batch_first=True), 2)
    found: dict[str, tuple[nn.Module, tuple[Tensor, ...], float | None]] = {
        "residual block of the README": (PlainBlock(3, 8), (torch.rand(2, 3, 32, 32),), 0.5),
        "MLP": (mlp, (torch.rand(1, 32),), 1.0),
        "small transformer": (encoder, (torch.rand(2, 32, 64),), 1.0),
        "residual net of the examples": (ResidualNet(), (torch.rand(2, 3, 32, 32),), 1.0),
    }
    if can_import("torchvision"):
        found["MobileNetV2"] = _torchvision("mobilenet_v2"), (images,), 1 / 2.3
        found["ResNet-18"] = _torchvision("resnet18"), (images,), 1 / 1.3
    return found


def optimize(effort: Effort) -> list[Row]:
    """Each model, optimised, against the same program as it was compiled."""
    return [_row(name, *chosen, effort) for name, chosen in models().items()]


def _row(name: str, module: nn.Module, inputs: tuple[Tensor, ...], goal: float | None, effort: Effort) -> Row:
    scriptable = isinstance(module, scriptkit.ScriptableModule)
    compiled: Any = module.eval() if scriptable else scriptkit.compile(module.eval(), inputs)
    optimized, plain = scriptkit.optimize(compiled, inputs), scriptkit.to_torchscript(compiled)
    with torch.no_grad():
        both = interleave(lambda: optimized(*inputs), lambda: plain(*inputs), rounds=max(11, effort.rounds // 2))
    return milliseconds(both, f"{name}, optimised ({optimized.variant})", goal)


class Wide(nn.Module):
    """A gigabyte of weights."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(8192, 8192, bias=False) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


def inspect(effort: Effort) -> list[Row]:
    """The structure of a file of a gigabyte, without its weights."""
    del effort
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "wide.pt"
        torch.jit.save(torch.jit.script(Wide()), file)  # type: ignore[no-untyped-call, unused-ignore]
        scriptkit.inspect(file)
        began = time.process_time()
        print(scriptkit.inspect(file)[""].bytes, "bytes", end="\r")
        taken = time.process_time() - began
    return [Row("inspect a file of 1 GB", f"{1e3 * taken:.1f} ms", "", taken, goal=1.0, unit="s")]


ALL: dict[str, Measurement] = {"optimize": optimize, "inspect": inspect}
