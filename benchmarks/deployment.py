"""Measurements of what deployment needs: calls of a loaded model, warm first calls, calls from several threads."""

from __future__ import annotations

import hashlib
import io
import statistics
import threading
import time
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

import scriptkit
from benchmarks import models
from benchmarks.interleaving import Comparison, seconds
from benchmarks.measurements import Effort, Measurement, Row, call, microseconds, milliseconds
from scriptkit import ScriptableModule

THREADS = 2
GOAL = 1.7
FEWEST_ROUNDS = 4
CONTROL_SCALES = 1.8
"""A machine on which hashing in two threads is less than so much faster cannot show how calls scale."""
WINDOW_SECONDS = 0.04


class ManyOperators(ScriptableModule):
    """Two hundred small operators, about half a millisecond: the interpreter's work, which eager does under the GIL."""

    def forward(self, x: Tensor) -> Tensor:
        for step in range(100):
            x = torch.tanh(x + step)
        return x


def loaded_calls(effort: Effort) -> list[Row]:
    """A call of a loaded model, against one of the same file loaded by torch."""
    stream = io.BytesIO()
    scriptkit.save(models.Net().eval(), stream)
    ours, theirs = scriptkit.load(io.BytesIO(stream.getvalue())), torch.jit.load(io.BytesIO(stream.getvalue()))
    return [microseconds(call(ours, theirs, 16, effort), "call of a loaded model of 20 µs", 1.10)]


def first_calls(effort: Effort) -> list[Row]:
    """The first call after `warmup`, against a steady one."""
    pairs, x = [], torch.randn(64, 64)
    with torch.no_grad():
        for _ in range(max(5, effort.rounds // 4)):
            net = ManyOperators().eval()
            scriptkit.warmup(net, (x,))
            first = seconds(partial(net, x), 1)
            pairs.append((first, statistics.median(seconds(partial(net, x), 1) for _ in range(20))))
    return [milliseconds(Comparison.of(pairs), "first call after warmup, against a steady one", 1.2)]


def calls_per_second(function: Callable[[], object], threads: int) -> float:
    """How often several threads together call a function in one window."""
    counts = [0] * threads
    start = threading.Barrier(threads)

    def work(index: int) -> None:
        start.wait()
        end = time.perf_counter() + WINDOW_SECONDS
        with torch.no_grad():
            while time.perf_counter() < end:
                function()
                counts[index] += 1

    workers = [threading.Thread(target=work, args=(index,)) for index in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(counts) / WINDOW_SECONDS


def scaling(function: Callable[[], object]) -> float:
    """How much more two threads get done than one."""
    return calls_per_second(function, THREADS) / calls_per_second(function, 1)


def threads(effort: Effort) -> list[Row]:
    """From one thread to two, in the rounds in which hashing shows that the machine had two cores to give."""
    net, x, block = ManyOperators().eval(), torch.randn(1, 16), bytes(1 << 17)
    scriptkit.warmup(net, (x,))

    def eager() -> None:
        with scriptkit.eager():
            net(x)

    def control() -> bool:
        return scaling(lambda: hashlib.sha256(block).digest()) >= CONTROL_SCALES

    pairs = []
    for _ in range(effort.rounds):
        if control():
            pair = scaling(lambda: net(x)), scaling(eager)
            if control():
                pairs.append(pair)
    if len(pairs) < FEWEST_ROUNDS:
        return [Row("two threads: the machine has no two cores to give", "", "", 0.0, unit="")]
    compiled, plain = (statistics.median(column) for column in zip(*pairs, strict=True))
    what = "seconds per call with two threads, against one"
    return [Row(what, f"{1 / compiled:.2f}", f"{1 / plain:.2f}", 1 / compiled, goal=1 / GOAL)]


ALL: dict[str, Measurement] = {"loaded": loaded_calls, "warmup": first_calls, "threads": threads}
