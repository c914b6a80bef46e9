"""What the files in `golden/` hold: one model with something of everything, and how such a file is written.

python -m tests.artifact.golden_models          # golden/torch-2.13.pt, with the installed torch
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn

from scriptkit import ScriptableModule, compile, export, save
from scriptkit.language import versions

FOLDER = Path(__file__).with_name("golden")


class Encoder(nn.Module):
    """Other people's code, which does not script: it is lowered."""

    def __init__(self) -> None:
        super().__init__()
        self.scales = {"wide": 2.0, "narrow": 0.5}
        self.norm = nn.LayerNorm(3)

    def forward(self, x: Tensor, **options: str) -> Tensor:
        """Normed and scaled."""
        return self.norm(x) * self.scales[options.get("kind", "wide")]


class Golden(ScriptableModule):
    """Layers, constants, containers, an optional attribute, an exported method, a lowered part."""

    width: Final[int]
    seen: dict[str, int]
    limits: list[float]
    bias: Tensor | None

    def __init__(self) -> None:
        super().__init__()
        self.width = 3
        self.seen = {"calls": 0}
        self.limits = [-1.0, 1.0]
        self.layers = nn.ModuleList([nn.Linear(3, 3), nn.Linear(3, 3)])
        self.register_buffer("bias", torch.full((3,), 0.25))
        with torch.no_grad():
            for number, parameter in enumerate(self.parameters()):
                parameter.copy_(torch.linspace(-1, 1, parameter.numel()).view_as(parameter) * (number + 1))

    def forward(self, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The layers in turn, clamped; and what `clamped` gives."""
        self.seen["calls"] = self.seen["calls"] + 1
        for layer in self.layers:
            x = torch.relu(layer(x))
        bias = self.bias
        if bias is not None:
            x = x + bias
        return self.clamped(x), {"sum": x.sum(dim=-1)}

    @export
    def clamped(self, x: Tensor) -> Tensor:
        """Within the limits."""
        return x.clamp(self.limits[0], self.limits[1])


def example() -> Tensor:
    """What the models are called with."""
    return torch.linspace(-2, 2, 6).view(2, 3)


def files(version: str) -> tuple[Path, Path]:
    """The file of the scripted and of the lowered model that this torch writes."""
    return FOLDER / f"torch-{version}.pt", FOLDER / f"torch-{version}-lowered.pt"


def main() -> None:
    """Write the files of the installed torch."""
    FOLDER.mkdir(exist_ok=True)
    scripted, lowered = files("{}.{}".format(*versions.numbers(torch.__version__)))
    save(Golden(), scripted, example_inputs=(example(),))
    save(compile(Encoder(), (example(),)), lowered, example_inputs=(example(),))


if __name__ == "__main__":
    main()
