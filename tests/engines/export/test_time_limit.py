"""A limit on how long a block may run."""

from __future__ import annotations

import contextlib
import threading

import pytest

from scriptkit.engines.export.time_limit import TimeLimitError, time_limit


def forever() -> None:
    while True:
        with contextlib.suppress(Exception):  # code that swallows errors is stopped, too
            sum(range(1000))


def test_a_block_that_runs_too_long_is_stopped() -> None:
    with pytest.raises(TimeLimitError, match=r"longer than 0\.2 s"), time_limit(0.2):
        forever()


def test_it_works_in_any_thread() -> None:
    stopped: list[bool] = []

    def working() -> None:
        try:
            with time_limit(0.2):
                forever()
        except TimeLimitError:
            stopped.append(True)

    thread = threading.Thread(target=working)
    thread.start()
    thread.join(60)
    assert stopped == [True]


def test_a_block_that_ends_in_time_is_left_alone() -> None:
    for _ in range(20):
        with time_limit(30):
            pass
    with time_limit(None):
        pass
    with pytest.raises(KeyError), time_limit(30):
        raise KeyError
