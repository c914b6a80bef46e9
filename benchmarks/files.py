"""What saving and loading 350 MB of weights takes, against torch, in the time that passes: threads hash meanwhile."""

from __future__ import annotations

import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import torch

import scriptkit
from benchmarks.interleaving import Comparison
from benchmarks.measurements import Effort, Measurement, Row, milliseconds
from benchmarks.trials import OwnStack, measured

LAYERS, WIDTH = 22, 2000
FEWEST = 5


def _in_turn(ours: Callable[[], object], theirs: Callable[[], object], rounds: int) -> Comparison:
    pairs = []
    for turn in range(rounds):
        first, second = (ours, theirs) if turn % 2 else (theirs, ours)
        one, other = _seconds(first), _seconds(second)
        pairs.append((one, other) if turn % 2 else (other, one))
    return Comparison.of(pairs)


def _seconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def save(effort: Effort) -> list[Row]:
    """`scriptkit.save` against `torch.jit.save`."""
    net = OwnStack(LAYERS, WIDTH).eval()
    program = scriptkit.to_torchscript(net)
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = Path(folder) / "ours.pt", Path(folder) / "theirs.pt"
        both = _in_turn(
            lambda: scriptkit.save(net, ours), lambda: torch.jit.save(program, theirs), max(FEWEST, effort.processes)
        )
    return [milliseconds(both, "save 350 MB, against torch.jit.save", 2.0)]


def load(effort: Effort) -> list[Row]:
    """`scriptkit.load` against `torch.jit.load`, and how far the process grows."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ours.pt"
        scriptkit.save(OwnStack(LAYERS, WIDTH).eval(), file)
        size = file.stat().st_size
        _, megabytes, _ = measured(lambda: scriptkit.load(file))  # first: memory once had is had again
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            both = _in_turn(lambda: scriptkit.load(file), lambda: torch.jit.load(file), max(FEWEST, effort.processes))
    grown = megabytes * (1 << 20) / size
    return [
        milliseconds(both, "load 350 MB, against torch.jit.load", 1.5),
        Row("memory of loading 350 MB, against the file", f"{megabytes} MB", "", grown, goal=1.3),
    ]


ALL: dict[str, Measurement] = {"save": save, "load": load}
