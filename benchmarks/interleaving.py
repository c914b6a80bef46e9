"""Two things timed in turn, so that a busy machine is unfair to both alike.

Processor time of the one thread is counted, not the time it waits for its turn.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scriptkit.interleaving import Ratio, interleaved, no_collection, seconds

__all__ = ["ROOT", "Comparison", "in_a_fresh_process", "interleave", "interleave_processes", "no_collection", "seconds"]

ROOT = Path(__file__).parent.parent


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
        mine, its = zip(*pairs, strict=True)
        ratio = Ratio.of(mine, its)
        return cls(statistics.median(mine), statistics.median(its), ratio.value, ratio.low, ratio.high)


def interleave(ours: Callable[[], object], theirs: Callable[[], object], *, rounds: int) -> Comparison:
    """Time both in every round, ours first in every other one; the compiler specialises in the rounds before."""
    return Comparison.of([(mine, its) for mine, its in interleaved((ours, theirs), rounds)])


def in_a_fresh_process(code: str) -> float:
    """The number that the code prints in an interpreter of its own."""
    command = [sys.executable, "-W", "ignore", "-c", code]
    return float(subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout)


def interleave_processes(ours: str, theirs: str, *, rounds: int) -> Comparison:
    """Run both programs in every round; each prints its seconds."""
    return Comparison.of([(in_a_fresh_process(ours), in_a_fresh_process(theirs)) for _ in range(rounds)])
