"""Things timed in turn, so that a busy machine is unfair to all alike.

Every round runs each contender, and begins with another one. What is told are ratios within a round: their median over
the rounds, with the middle half. A machine that is busy for a while then widens the spread, and moves no median.
"""

from __future__ import annotations

import gc
import statistics
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Contender = Callable[[], object]
    Clock = Callable[[], float]

ROUND_SECONDS = 0.002
WARM_ROUNDS = 8
FEWEST_ROUNDS = 5
_SHORTEST = 1e-7


@dataclass(frozen=True)
class Ratio:
    """The median of the rounds' ratios, and their middle half."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, numerators: Sequence[float], denominators: Sequence[float]) -> Ratio:
        """Of two contenders, the seconds of each round; raises `StatisticsError` for less than two rounds."""
        ratios = [one / other for one, other in zip(numerators, denominators, strict=True)]
        low, _, high = statistics.quantiles(ratios, n=4)
        return cls(statistics.median(ratios), low, high)

    @property
    def is_won(self) -> bool:
        """Whether the denominator was the faster one in three rounds of four."""
        return self.low > 1.0

    def __str__(self) -> str:
        return f"{self.value:.2f} ({self.low:.2f} - {self.high:.2f})"


@contextmanager
def no_collection() -> Iterator[None]:
    """Collect garbage now, and not while something is timed."""
    was_on = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def seconds(function: Contender, number: int, clock: Clock = time.thread_time) -> float:
    """Time `number` calls; seconds of one."""
    start = clock()
    for _ in range(number):
        function()
    # a clock that ticks slowly may show nothing at all
    return max((clock() - start) / number, _SHORTEST / number)


def interleaved(
    contenders: Sequence[Contender],
    rounds: int,
    *,
    clock: Clock = time.thread_time,
    warm_rounds: int = WARM_ROUNDS,
    limit: float | None = None,
) -> list[tuple[float, ...]]:
    """The seconds of one call of each contender, round by round; the compiler specialises in the rounds before.

    `clock` is the processor time of this thread: what it waits for its turn does not count. Where work is shared out
    over threads, `time.perf_counter` has to do. After `limit` seconds no further round begins, but five are run.
    """
    number = max(1, int(ROUND_SECONDS / max(seconds(one, 3, clock) for one in contenders)))
    found = []
    began = time.monotonic()
    with no_collection():
        for turn in range(-warm_rounds, rounds):
            taken = _round(contenders, turn % len(contenders), number, clock)
            if turn >= 0:
                found.append(taken)
            is_late = limit is not None and time.monotonic() - began > limit
            if is_late and len(found) >= FEWEST_ROUNDS:
                break
    return found


def _round(contenders: Sequence[Contender], first: int, number: int, clock: Clock) -> tuple[float, ...]:
    taken = [0.0] * len(contenders)
    for place in range(first, first + len(contenders)):
        taken[place % len(contenders)] = seconds(contenders[place % len(contenders)], number, clock)
    return tuple(taken)
