"""Which of several equal programs is the fastest: timed in turn, and believed only where it wins."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import torch

from scriptkit.interleaving import Ratio, interleaved

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scriptkit.interleaving import Clock, Contender

HEATS, FINAL = 15, 41
"""Rounds of all contenders, and of the best of them against plain script."""
FINALISTS = 3
WORTH_IT = 1.02
"""What is faster by less than so much is not worth leaving plain script for."""
_AS_FAST = 0.97
_SECONDS = 20.0


def clock() -> Clock:
    """Processor time of the one thread that computes; of several threads, the time that passes."""
    return time.thread_time if torch.get_num_threads() == 1 else time.perf_counter


def ratios(contenders: Sequence[Contender], rounds: int) -> list[Ratio]:
    """How many times as fast as the first each contender is."""
    with torch.no_grad():
        found = interleaved(contenders, rounds, clock=clock(), warm_rounds=2, limit=_SECONDS)
    columns = list(zip(*found, strict=True))
    return [Ratio.of(columns[0], column) for column in columns]


def winner(contenders: Sequence[Contender], tell: Callable[[int, Ratio], None]) -> int:
    """The number of the contender to keep, 0 for the first, plain script; `tell` gets every ratio that was measured.

    All run in heats, the fastest again in a final. It is kept where it was faster than plain script in three rounds of
    four, and by more than nothing; of those that are about as fast, the first, which is the plainest.
    """
    if len(contenders) == 1:
        tell(0, Ratio(1.0, 1.0, 1.0))
        return 0
    heats = ratios(contenders, HEATS)
    for number, ratio in enumerate(heats):
        tell(number, ratio)
    best = sorted(range(1, len(contenders)), key=lambda number: -heats[number].value)[:FINALISTS]
    places = [0, *sorted(best)]
    final = dict(zip(places, ratios([contenders[place] for place in places], FINAL), strict=True))
    for number, ratio in final.items():
        tell(number, ratio)
    fastest = max(ratio.value for ratio in final.values())
    worthy = [n for n in places[1:] if final[n].is_won and final[n].value >= max(WORTH_IT, _AS_FAST * fastest)]
    return worthy[0] if worthy else 0
