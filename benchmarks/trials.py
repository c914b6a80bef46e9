"""What trials cost: compile, verify and save of 350 MB of weights, in processor time and memory.

python -m benchmarks.trials [own compiled lowered small]
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

import scriptkit

if TYPE_CHECKING:
    from collections.abc import Callable

KINDS = ("own", "compiled", "lowered", "small")
_LAYERS, _WIDTH = 22, 2000


class Stack(nn.Module):
    """Linear layers, one after the other."""

    def __init__(self, layers: int, width: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(width, width) for _ in range(layers)])

    def forward(self, x: Tensor) -> Tensor:
        """`x`: [rows, width]; the same shape."""
        for layer in self.layers:
            x = torch.relu(layer(x))
        return x


class OwnStack(scriptkit.ScriptableModule):
    """The same, written for scriptkit."""

    def __init__(self, layers: int, width: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(width, width) for _ in range(layers)])

    def forward(self, x: Tensor) -> Tensor:
        """`x`: [rows, width]; the same shape."""
        for layer in self.layers:
            x = torch.relu(layer(x))
        return x


def measured(what: Callable[[], Any]) -> tuple[float, int, Any]:
    """Processor seconds, megabytes more at the peak, and the result."""
    before = peak = _resident()
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.01):
            peak = max(peak, _resident())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    began = time.process_time()
    result = what()
    taken = time.process_time() - began
    done.set()
    watcher.join()
    return taken, peak - before, result


def _resident() -> int:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) >> 10


def measure(kind: str) -> None:
    """Print one line for one kind; in a process of its own, so that no peak hides another."""
    torch.set_num_threads(1)
    layers, width = (2, 16) if kind == "small" else (_LAYERS, _WIDTH)
    x = torch.randn(4, width)

    def make() -> nn.Module:
        if kind in {"own", "small"}:
            return OwnStack(layers, width)
        return scriptkit.compile(plain, (x,), modes={"": "lowered"} if kind == "lowered" else None)

    plain = Stack(layers, width) if kind in {"compiled", "lowered"} else nn.Identity()
    figures = []
    taken, more, made = measured(make)
    figures.append(f"made {taken:.2f} s, {more} MB")
    with TemporaryDirectory() as folder:
        file = Path(folder) / "model.pt"
        for name, run in (
            ("verify", lambda: scriptkit.verify(made, (x,))),
            ("save", lambda: scriptkit.save(made, file, example_inputs=(x,))),
        ):
            taken, more, _ = measured(run)
            figures.append(f"{name} {taken:.2f} s, {more} MB")
    print(f"{kind:10} {'; '.join(figures)}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        measure(sys.argv[2])
    else:
        for one in sys.argv[1:] or KINDS:
            subprocess.run([sys.executable, "-m", "benchmarks.trials", "--one", one], check=True)
