"""Lower random programs and compare them with Python: `python -m tools.fuzz_lowering [--count N] [--first SEED]`.

The programs are those of the tests, more of them: each runs with inputs that drive every path, in evaluation and in
training. A program may be refused; it may never give something else.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import warnings
from collections import Counter

import torch
from rich.progress import track

from tests.compiling.lowering.test_generated_programs import outcome

PROGRAMS_PER_PROCESS = 50  # torch keeps what it compiled until the process ends


def main() -> int:
    """Print the programs that differ, and the figures; exit with 1 if any does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    arguments = parser.parse_args()
    seeds = range(arguments.first, arguments.first + arguments.count)
    found: Counter[str] = Counter()
    processes = multiprocessing.get_context("spawn")
    with processes.Pool(os.cpu_count(), _begin, maxtasksperchild=PROGRAMS_PER_PROCESS) as pool:
        outcomes = track(pool.imap(outcome, seeds), "lowering", len(seeds), disable=not sys.stderr.isatty())
        for seed, told in zip(seeds, outcomes, strict=True):
            kind = told if told in {"equal", "refused", "invalid"} else "different"
            found[kind] += 1
            if kind == "different":
                print(f"program {seed}: {told}\n")
    figures = ", ".join(f"{number} {kind}" for kind, number in found.most_common())
    print(f"{len(seeds)} programs: {figures}; {found['different']} different")
    return 1 if found["different"] else 0


def _begin() -> None:
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)


if __name__ == "__main__":
    sys.exit(main())
