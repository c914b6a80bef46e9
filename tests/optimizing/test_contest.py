"""A contender is kept only where it wins; of those that are as fast, the plainest."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from scriptkit.interleaving import Ratio
from scriptkit.optimizing import contest


@pytest.fixture
def measuring(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let the rounds say what the test says."""

    def say(*rounds: list[Ratio]) -> None:
        said = iter(rounds)
        monkeypatch.setattr(contest, "ratios", lambda contenders, number: next(said))

    return say


def even(value: float) -> Ratio:
    return Ratio(value, value, value)


def won(count: int) -> tuple[int, dict[int, Ratio]]:
    told: dict[int, Ratio] = {}
    return contest.winner([lambda: None] * count, told.__setitem__), told


def test_plain_script_alone_wins() -> None:
    assert won(1) == (0, {0: even(1.0)})


def test_the_fastest_of_the_final_wins_not_of_the_heats(measuring: Any) -> None:
    measuring([even(1.0), even(2.0), even(1.9)], [even(1.0), even(1.5), even(1.8)])
    assert won(3) == (2, {0: even(1.0), 1: even(1.5), 2: even(1.8)})


def test_of_two_that_are_as_fast_the_plainer_one_wins(measuring: Any) -> None:
    measuring([even(1.0), even(1.5), even(1.51)], [even(1.0), even(1.5), even(1.52)])
    assert won(3)[0] == 1


@pytest.mark.parametrize("ratio", [Ratio(1.2, 0.9, 1.4), even(1.01), even(0.8)])
def test_what_does_not_surely_win_is_not_kept(measuring: Any, ratio: Ratio) -> None:
    measuring([even(1.0), ratio], [even(1.0), ratio])
    assert won(2)[0] == 0


def test_only_the_best_come_into_the_final(measuring: Any) -> None:
    heats = [even(1.0), *map(even, (1.1, 1.5, 1.4, 1.3, 0.5))]
    measuring(heats, [even(1.0), even(1.5), even(1.4), even(1.3)])
    place, told = won(6)
    assert place == 2
    assert told[5] == even(0.5)


def test_one_thread_is_timed_by_its_processor_time_several_by_what_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    one = contest.clock()
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    assert contest.clock() is not one


def test_ratios_are_to_the_first() -> None:
    found = contest.ratios([lambda: sum(range(3000)), lambda: None], 3)
    assert found[0].value == 1.0
    assert found[1].value > 1.0
