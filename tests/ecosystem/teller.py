"""Stories told in a process of their own: one that hangs or dies is one row, and the next ones go on."""

from __future__ import annotations

import multiprocessing
import queue
import time
from typing import Any

from tests.ecosystem import with_lookers, with_torch, with_trainers  # noqa: F401 - they add their stories
from tests.ecosystem.models import KINDS
from tests.ecosystem.story import STORIES, Outcome, told

LONGEST = 180


def _tell(numbers: Any, results: Any) -> None:
    import torch

    torch.set_num_threads(1)
    for number in iter(numbers.get, None):
        results.put((number, {kind: vars(outcome) for kind, outcome in told(STORIES[number]).items()}))


class Teller:
    """A process that tells stories, and another one where it did not come back."""

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._numbers, self._results = context.Queue(), context.Queue()
        self._process = context.Process(target=_tell, args=(self._numbers, self._results))
        self._process.start()

    def tell(self, number: int) -> dict[str, Outcome]:
        """One story."""
        self._numbers.put(number)
        end = time.monotonic() + LONGEST
        while time.monotonic() < end and self._process.is_alive():
            try:
                return {kind: Outcome(**one) for kind, one in self._results.get(timeout=1)[1].items()}
            except queue.Empty:
                continue
        words = "it did not end" if self._process.is_alive() else "the process died"
        self._process.kill()
        self._start()
        return dict.fromkeys(KINDS, Outcome("error", words))

    def close(self) -> None:
        """No more stories."""
        self._numbers.put(None)
        self._process.join(30)
        self._process.kill()
