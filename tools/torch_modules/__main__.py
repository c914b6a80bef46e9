"""`python -m tools.torch_modules [CLASS ...] [--most N]`: exit 1 where anything differs."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import torch
from rich.console import Console
from rich.progress import track

from tools.torch_modules.cases import of_database
from tools.torch_modules.judging import judged
from tools.torch_modules.options import all_options

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tools.torch_modules.judging import Judgement

VERDICTS = ("same", "refused", "differs", "eager raises")


def main(arguments: list[str] | None = None) -> int:
    """Judge everything, print what differs at once, what was refused and the figures at the end."""
    parser = argparse.ArgumentParser(prog="python -m tools.torch_modules", description=__doc__)
    parser.add_argument("classes", nargs="*", help="names of classes or of groups of options; without any, all")
    parser.add_argument("--most", type=int, help="at most so many samples of a class in each mode")
    parser.add_argument("--only", choices=("database", "options"), help="one of the two lists")
    asked = parser.parse_args(arguments)
    torch.set_num_threads(1)
    names, began = frozenset(asked.classes), time.monotonic()
    figures: dict[str, Counter[str]] = defaultdict(Counter)
    refused: dict[str, Counter[str]] = defaultdict(Counter)
    cases = [] if asked.only == "database" else list(all_options(names))
    cases += [] if asked.only == "options" else list(of_database(names, asked.most))
    shown = Console(stderr=True)
    for case in track(cases, "samples", console=shown, disable=not shown.is_terminal):
        for one in judged(case):
            _note(one, figures, refused)
    print(_table(figures))
    print(*_refusals(refused), sep="\n")
    total = sum(figures.values(), Counter())
    told = ", ".join(f"{total[verdict]:,} {verdict}" for verdict in VERDICTS)
    print(f"{len(cases):,} samples of {len(figures)} classes and groups, {total.total():,} judged: {told}")
    print(f"{time.monotonic() - began:.0f} s, torch {torch.__version__}")
    return 1 if total["differs"] or not cases else 0


def _note(one: Judgement, figures: dict[str, Counter[str]], refused: dict[str, Counter[str]]) -> None:
    figures[one.case.group][one.verdict] += 1
    if one.verdict == "differs":
        print(one, flush=True)
    if one.verdict == "refused":
        refused[one.case.group][one.told] += 1


def _table(figures: dict[str, Counter[str]]) -> str:
    lines = [f"{'class':32}" + "".join(f"{verdict:>14}" for verdict in VERDICTS)]
    lines += [
        f"{group:32}" + "".join(f"{n[verdict]:14}" for verdict in VERDICTS) for group, n in sorted(figures.items())
    ]
    return "\n".join(lines)


def _refusals(refused: dict[str, Counter[str]]) -> Iterable[str]:
    for group, reasons in sorted(refused.items()):
        yield from (f"refused, {group}, {count}: {reason}" for reason, count in reasons.items())


if __name__ == "__main__":
    sys.exit(main())
