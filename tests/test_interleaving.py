"""Contenders are timed in turn, each round begins with another, and a ratio is that of a round."""

from __future__ import annotations

import gc
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from scriptkit.interleaving import FEWEST_ROUNDS, Ratio, interleaved, no_collection

if TYPE_CHECKING:
    from collections.abc import Callable


class Clock:
    """A clock that each contender moves on by its own time."""

    def __init__(self) -> None:
        self.now = 0.0
        self.order: list[str] = []

    def __call__(self) -> float:
        return self.now

    def contender(self, name: str, takes: float) -> Callable[[], object]:
        def call() -> None:
            self.now += takes
            self.order.append(name)

        return call


def test_every_round_has_each_once_and_begins_with_another() -> None:
    clock = Clock()
    contenders = [clock.contender("a", 1.0), clock.contender("b", 2.0), clock.contender("c", 4.0)]
    rounds = interleaved(contenders, 6, clock=clock, warm_rounds=0)
    assert rounds == [(1.0, 2.0, 4.0)] * 6
    timed = clock.order[9:]  # three calls of each find out how many make a round
    assert ["".join(timed[i : i + 3]) for i in range(0, 9, 3)] == ["abc", "bca", "cab"]


def test_rounds_before_are_not_counted_and_fast_contenders_run_often() -> None:
    clock = Clock()
    rounds = interleaved([clock.contender("a", 0.0005)], 2, clock=clock, warm_rounds=3)
    assert len(rounds) == 2
    assert Counter(clock.order)["a"] == 3 + (2 + 3) * 4


def test_no_round_begins_after_the_limit_but_a_few_are_run() -> None:
    clock = Clock()
    assert len(interleaved([clock.contender("a", 1.0)], 50, clock=clock, limit=0.0)) == FEWEST_ROUNDS


def test_a_clock_that_stands_still_divides_by_nothing() -> None:
    rounds = interleaved([lambda: None, lambda: None], 2, clock=lambda: 0.0, warm_rounds=0)
    assert Ratio.of(*zip(*rounds, strict=True)).value == 1.0


def test_the_ratio_is_the_median_and_is_won_where_three_rounds_of_four_are() -> None:
    ratio = Ratio.of([3.0, 2.0, 2.0, 2.0, 2.0], [1.0] * 5)
    assert ratio.value == 2.0
    assert ratio.is_won
    assert str(ratio) == "2.00 (2.00 - 2.50)"
    assert not Ratio.of([2.0, 2.0, 0.5, 0.5], [1.0] * 4).is_won


@pytest.mark.parametrize("was_on", [True, False])
def test_garbage_is_collected_as_before_afterwards(was_on: bool) -> None:
    (gc.enable if was_on else gc.disable)()
    try:
        with no_collection():
            assert not gc.isenabled()
        assert gc.isenabled() == was_on
    finally:
        gc.enable()
