"""Runs of a fuzzer in child processes with limits: a death, a hang or a traceback is one line of the report, no end."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys
import time
import traceback
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

BATCH = 200
"""Runs per child: a fork costs a few milliseconds, what one run leaks is gone with it."""


class Limits:
    """What one child may use: address space beyond what it has at its start, and seconds for one run."""

    def __init__(self, memory: int, seconds: int) -> None:
        self.memory, self.seconds = memory, seconds


def run_all(runs: Sequence[int], run: Callable[[int], str], limits: Limits) -> tuple[Counter[str], list[str]]:
    """How the runs ended, counted, and a line for each that ended badly."""
    counts: Counter[str] = Counter()
    failures: list[str] = []
    waiting = list(runs)
    while waiting:
        done, ended = _child(waiting[:BATCH], run, limits)
        for number, outcome in done:
            counts[outcome.partition(":")[0]] += 1
            if outcome.startswith("BAD"):
                failures.append(f"run {number}: {outcome}")
        if ended and len(done) < len(waiting[:BATCH]):
            counts["BAD " + ended] += 1
            failures.append(f"run {waiting[len(done)]}: BAD {ended}")
            done.append((waiting[len(done)], ended))
        waiting = waiting[len(done) :]
        show_progress(len(runs) - len(waiting), len(runs), len(failures))
    return counts, failures


def show_progress(done: int, total: int, bad: int) -> None:
    """One line that is written over on a terminal."""
    if sys.stderr.isatty():
        print(f"\r{done} of {total} runs, {bad} bad", end="", file=sys.stderr, flush=True)


def _child(runs: Sequence[int], run: Callable[[int], str], limits: Limits) -> tuple[list[tuple[int, str]], str]:
    """The outcomes of a batch, and how the child ended where it did not reach the end."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        with contextlib.suppress(BaseException), os.fdopen(writing, "w") as out:
            _run_batch(runs, run, limits, out)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as lines:
        done = []
        for line in lines:
            number, _, outcome = line.rstrip("\n").partition(" ")
            done.append((int(number), outcome))
    _, status = os.waitpid(child, 0)
    return done, _spoken(status)


def _run_batch(runs: Sequence[int], run: Callable[[int], str], limits: Limits, out: object) -> None:
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()  # noqa: SIM115, PTH123
    resource.setrlimit(resource.RLIMIT_AS, (used + limits.memory, used + limits.memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for number in runs:
        signal.setitimer(signal.ITIMER_REAL, limits.seconds)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        begin = time.monotonic()
        try:
            outcome = run(number)
        except BaseException:  # noqa: BLE001 - whatever it is, it is the finding
            outcome = "BAD exception: " + " | ".join(traceback.format_exc().strip().splitlines()[-4:])
        if time.monotonic() - begin > limits.seconds / 2:
            outcome = f"BAD slow: {time.monotonic() - begin:.0f} s, {outcome}"
        print(number, outcome.replace("\n", " "), file=out, flush=True)  # type: ignore[call-overload]
    signal.setitimer(signal.ITIMER_REAL, 0)


def _spoken(status: int) -> str:
    if os.WIFSIGNALED(status):
        name = signal.Signals(os.WTERMSIG(status)).name
        return "hang" if name == "SIGALRM" else f"death by {name}"
    return ""


def report(name: str, counts: Counter[str], failures: Sequence[str]) -> int:
    """Print how the runs ended; the exit code."""
    print(f"{name}: {sum(counts.values())} runs")
    for outcome, count in sorted(counts.items()):
        print(f"  {count:7d}  {outcome}")
    for failure in failures[:50]:
        print(failure)
    print("bad:", len(failures))
    return 1 if failures else 0
