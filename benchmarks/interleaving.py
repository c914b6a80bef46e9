"""Two things timed in turn, so that a busy machine is unfair to both alike.

Processor time of the one thread is counted, not the time it waits for its turn.
"""

from __future__ import annotations

import gc
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROUND_SECONDS = 0.002
WARM_ROUNDS = 8


@dataclass(frozen=True)
class Comparison:
    """Median seconds of ours and of theirs, the median ratio of the rounds and its middle half."""

    ours: float
    theirs: float
    ratio: float
    low: float
    high: float

    @classmethod
    def of(cls, pairs: list[tuple[float, float]]) -> Comparison:
        """Summarise (ours, theirs) of each round."""
        ratios = [ours / theirs for ours, theirs in pairs]
        low, _, high = statistics.quantiles(ratios, n=4)
        ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
        return cls(ours, theirs, statistics.median(ratios), low, high)


@contextmanager
def no_collection() -> Iterator[None]:
    """Collect garbage now, and not while something is timed."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def seconds(function: Callable[[], object], number: int) -> float:
    """Time `number` calls; seconds of one."""
    start = time.thread_time()
    for _ in range(number):
        function()
    return (time.thread_time() - start) / number


def interleave(ours: Callable[[], object], theirs: Callable[[], object], *, rounds: int) -> Comparison:
    """Time both in every round, ours first in every other one; the compiler specialises in the rounds before."""
    number = max(1, int(ROUND_SECONDS / max(seconds(ours, 3), seconds(theirs, 3), 1e-7)))
    pairs = []
    with no_collection():
        for turn in range(-WARM_ROUNDS, rounds):
            if turn % 2:
                second = seconds(theirs, number)
                pair = seconds(ours, number), second
            else:
                first = seconds(ours, number)
                pair = first, seconds(theirs, number)
            if turn >= 0:
                pairs.append(pair)
    return Comparison.of(pairs)


def in_a_fresh_process(code: str) -> float:
    """The number that the code prints in an interpreter of its own."""
    command = [sys.executable, "-W", "ignore", "-c", code]
    return float(subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout)


def interleave_processes(ours: str, theirs: str, *, rounds: int) -> Comparison:
    """Run both programs in every round; each prints its seconds."""
    return Comparison.of([(in_a_fresh_process(ours), in_a_fresh_process(theirs)) for _ in range(rounds)])
