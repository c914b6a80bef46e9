"""Write the golden file beside this one: `python -m tests.cpp.files.make`.

It is kept in the repository, so that a file of one torch is run by every later one; made anew only on purpose.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn

import scriptkit
from scriptkit.cpp.recording import Call

HERE = Path(__file__).parent


class Encoded(NamedTuple):
    """What `encode` returns."""

    hidden: torch.Tensor
    seen: torch.Tensor


class Net(nn.Module):
    """Two ranges of sizes, a default, a named tuple, a dictionary, state, and two modes."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 8)
        self.norm = nn.BatchNorm1d(8)
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x: torch.Tensor, scale: float = 2.0) -> torch.Tensor:
        y = self.norm(self.linear(x)).relu() * scale
        return y if x.shape[0] <= 8 else y - 3

    def encode(self, x: torch.Tensor, extra: dict[str, torch.Tensor]) -> tuple[Encoded, list[torch.Tensor], int]:
        self.seen.add_(1)
        return Encoded(self.linear(x) + extra["k"], self.seen + 0), [x, x * 2], x.shape[0]


def calls_of(model: Any) -> list[Call]:
    """Calls that fit and calls that do not, in `eval()`."""
    generator = torch.Generator().manual_seed(1)

    def random(*sizes: int) -> torch.Tensor:
        return torch.randn(sizes, generator=generator)

    x = random(6, 4)
    wanted: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
        ("forward", (x,), {}),
        ("forward", (random(1, 4), 2.0), {}),
        ("forward", (), {"x": random(12, 4)}),
        ("forward", (x, 3.0), {}),
        ("forward", (random(6, 5),), {}),
        ("forward", (x.double(),), {}),
        ("forward", (random(6),), {}),
        ("forward", (), {}),
        ("encode", (x, {"k": random(8)}), {}),
        ("encode", (random(2, 4),), {"extra": {"k": random(8)}}),
        ("encode", (x, {"j": random(8)}), {}),
        ("encode", (x, [x]), {}),
    ]
    made = []
    for method, arguments, named in wanted:
        try:
            with torch.no_grad():
                result = getattr(model, method)(*copy.deepcopy(arguments), **named)
            made.append(Call(method, arguments, named, copy.deepcopy(result)))
        except Exception:  # noqa: BLE001 - whatever it raises: it refuses
            made.append(Call(method, arguments, named, is_refused=True))
    return made


def exported_net() -> Any:
    """The model of the golden files, of the installed torch."""
    torch.manual_seed(0)
    x = torch.randn(6, 4)
    methods = {"forward": (x,), "encode": (x, {"k": torch.randn(8)})}
    exported: Any = scriptkit.export_program(Net().eval(), methods=methods)
    exported.train()
    exported(x)
    exported.eval()
    return exported


def main() -> None:
    """Write `net.pt2`."""
    exported_net().save(HERE / "net.pt2")


if __name__ == "__main__":
    main()
