"""What trials cost: compile, verify and save of 350 MB of weights, and of a small module, in time and memory.

`python -m benchmarks verify` prints one table: now, and before trials ran on lives of a module, when a parameter
could be changed by them and states were not compared (measured on the same machine, torch 2.13.0).
"""

from __future__ import annotations

import json
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
from benchmarks.measurements import Row

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.measurements import Effort

KINDS = ("own", "compiled", "lowered", "small")
_LAYERS, _WIDTH = 22, 2000
_STEPS = ("made", "verify", "save")
BEFORE = {
    "own": {"made": (0.53, 339), "verify": (31.25, 1171), "save": (5.45, 892)},
    "compiled": {"made": (0.55, 22), "verify": (47.62, 711), "save": (6.42, 1320)},
    "lowered": {"made": (3.06, 790), "verify": (49.16, 1006), "save": (6.51, 1273)},
    "small": {"made": (0.01, 4), "verify": (0.49, 22), "save": (0.13, 10)},
}
"""Processor seconds, and megabytes more at the peak."""
_VERIFY_SECONDS = 20.0


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


def verify(_: Effort) -> list[Row]:
    """Each step of each kind beside what it took before."""
    rows = []
    for kind in KINDS:
        command = [sys.executable, "-m", "benchmarks.trials", kind]  # of its own, so that no peak hides another
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        rows += [_row(kind, step, *json.loads(printed)[step]) for step in _STEPS]
    return rows


def _row(kind: str, step: str, seconds: float, megabytes: int) -> Row:
    before, more_before = BEFORE[kind][step]
    goal = _VERIFY_SECONDS / before if step == "verify" and kind != "small" else None
    ours, theirs = f"{seconds:.2f} s, {megabytes} MB", f"{before:.2f} s, {more_before} MB before"
    return Row(f"{kind}: {step}", ours, theirs, seconds / before, goal=goal)


def measured_steps(kind: str) -> dict[str, tuple[float, int]]:
    """What each step takes."""
    torch.set_num_threads(1)
    layers, width = (2, 16) if kind == "small" else (_LAYERS, _WIDTH)
    x = torch.randn(4, width)

    def make() -> nn.Module:
        if kind in {"own", "small"}:
            return OwnStack(layers, width)
        return scriptkit.compile(plain, (x,), modes={"": "lowered"} if kind == "lowered" else None)

    plain = Stack(layers, width) if kind in {"compiled", "lowered"} else nn.Identity()
    taken, more, made = measured(make)
    found = {"made": (taken, more)}
    with TemporaryDirectory() as folder:
        file = Path(folder) / "model.pt"
        steps: dict[str, Callable[[], Any]] = {
            "verify": lambda: scriptkit.verify(made, (x,)),
            "save": lambda: scriptkit.save(made, file, example_inputs=(x,)),
        }
        for name, run in steps.items():
            found[name] = measured(run)[:2]
    return found


ALL = {"verify": verify}

if __name__ == "__main__":
    print(json.dumps(measured_steps(sys.argv[1])))
