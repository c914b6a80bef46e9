"""What a trace that is judged costs, against `torch.jit.trace` with its own check, on models of torchvision.

Other people's packages are taken from where `make zoo` puts them; nothing is measured where they are missing.
"""

from __future__ import annotations

import importlib
import importlib.util
import statistics
from typing import Any

import torch
from torch import nn

import scriptkit
from benchmarks.interleaving import Comparison, interleave
from benchmarks.measurements import Effort, Measurement, Row, row
from benchmarks.packages import can_import
from tests.zoo import torchvision_operators

MODELS = ("resnet18", "mobilenet_v3_small", "shufflenet_v2_x0_5", "squeezenet1_1", "mnasnet0_5", "regnet_y_400mf")


def tracing(effort: Effort) -> list[Row]:
    """Each model by itself, and the median of their ratios."""
    if not can_import("torchvision"):
        return []
    torchvision_operators.declare()
    rounds = max(2, effort.rounds // 50)
    found = {name: _compared(_model(name), rounds) for name in MODELS}
    rows = [row(one, f"{name}: trace and judge", None, 1e3, "ms") for name, one in found.items()]
    middle = statistics.median(one.ratio for one in found.values())
    return [*rows, Row(f"the median of {len(rows)} models", "", "", middle, goal=3.5)]


def _model(name: str) -> nn.Module:
    made: nn.Module = getattr(importlib.import_module("torchvision.models"), name)(weights=None)
    return made.eval()


def _compared(module: nn.Module, rounds: int) -> Comparison:
    inputs: tuple[Any, ...] = (torch.randn(2, 3, 64, 64),)

    def ours() -> None:
        scriptkit.compile(module, inputs, modes={"": "trace"})

    return interleave(ours, lambda: torch.jit.trace(module, inputs), rounds=rounds)


ALL: dict[str, Measurement] = {"tracing": tracing}
