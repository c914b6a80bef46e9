"""What a verified export costs, against plain `torch.export.export` of the same model, and what its calls cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

import scriptkit
from benchmarks.interleaving import interleave
from benchmarks.measurements import Effort, Row, microseconds, milliseconds

if TYPE_CHECKING:
    from collections.abc import Callable


def perceptron() -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    return nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 4)), (torch.randn(3, 16),)


def convolutions() -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    layers: list[nn.Module] = []
    for _ in range(6):
        layers += [nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU()]
    return nn.Sequential(*layers), (torch.randn(2, 8, 12, 12),)


def transformer() -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)
    return nn.TransformerEncoder(layer, 4, enable_nested_tensor=False), (torch.randn(2, 7, 32),)


def recurrent() -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    class Cells(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell = nn.GRUCell(8, 8)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            h = torch.zeros_like(x[0])
            for t in range(4):
                h = self.cell(x[t], h)
            return h

    return Cells(), (torch.randn(4, 2, 8),)


MODELS: dict[str, Callable[[], tuple[nn.Module, tuple[torch.Tensor, ...]]]] = {
    "MLP": perceptron,
    "6 convolutions": convolutions,
    "transformer, 4 layers": transformer,
    "GRU cell, 4 steps": recurrent,
}


def plain(module: nn.Module, inputs: tuple[torch.Tensor, ...]) -> Any:
    """What a user of torch writes for the same dimensions."""
    auto = torch.export.Dim.AUTO
    return torch.export.export(
        module, inputs, dynamic_shapes=tuple(dict.fromkeys(range(x.dim()), auto) for x in inputs)
    )


def exporting(effort: Effort) -> list[Row]:
    """Making the program, and calling it, checked, from Python."""
    rows = []
    for what, make in MODELS.items():
        module, inputs = make()
        module.eval()
        made = interleave(
            lambda m=module, i=inputs: scriptkit.export_program(m, i),  # type: ignore[misc]
            lambda m=module, i=inputs: plain(m, i),  # type: ignore[misc]
            rounds=max(3, effort.rounds // 20),
        )
        rows.append(milliseconds(made, f"{what}: export_program, against torch.export", 3))
        ours, theirs = scriptkit.export_program(module, inputs), plain(module, inputs).module()
        with torch.no_grad():
            called = interleave(
                lambda f=ours, i=inputs: f(*i),  # type: ignore[misc]
                lambda f=theirs, i=inputs: f(*i),  # type: ignore[misc]
                rounds=effort.rounds,
            )
        rows.append(microseconds(called, f"{what}: call, against torch's program", None))
    return rows


ALL = {"export": exporting}
