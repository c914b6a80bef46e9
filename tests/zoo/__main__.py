"""`python -m tests.zoo [PATTERN...]`: every model of the catalogue, figures by source, the next wall of each refusal.

With `--deeper` every file is loaded again, trained, converted and differentiated too, and asked on other inputs.
"""

from __future__ import annotations

import sys
import time
from collections import Counter, defaultdict

import click

from tests.zoo import figures
from tests.zoo.chosen import chosen
from tests.zoo.trial import PACKAGES, Outcome, outcome

STATUSES = ("right", "refuses the second input", "refused", "error", "wrong")


@click.command()
@click.argument("patterns", nargs=-1)
@click.option("--deeper", is_flag=True, help="Compare in training, in double precision, gradients and on other inputs.")
def main(patterns: tuple[str, ...], *, deeper: bool) -> None:
    """Try the models with these names; exit code 1 where one is wrong, or is refused and ought not to be."""
    sys.path.append(str(PACKAGES))
    found: list[Outcome] = []
    unexpected = 0
    entries = chosen(patterns)
    for number, entry in enumerate(entries, 1):
        start = time.perf_counter()
        result = outcome(entry, figures.figures if deeper else None)
        found.append(result)
        allowed = {"right", "refused", "refuses the second input"} if entry.may_refuse else {"right"}
        unexpected += result.status not in allowed
        taken = time.perf_counter() - start
        click.echo(f"{number:3}/{len(entries)} {taken:5.1f} s  {result.status:25} {result.mode:8} {entry.name}")
    click.echo(table(found))
    looked = {one.name: one.figures for one in found if one.figures is not None}
    if looked:
        click.echo(figures.table(looked))
        unexpected += sum(one.verdict(aspect) == "wrong" for one in looked.values() for aspect in figures.ASPECTS)
    sys.exit(int(unexpected > 0))


def table(found: list[Outcome]) -> str:
    """Figures by source, then what stands in the way of each model that is not right."""
    by_source: dict[str, Counter[str]] = defaultdict(Counter)
    for one in found:
        by_source[one.name.partition("/")[0]].update([one.status, one.mode])
        by_source["all"].update([one.status, one.mode])
    columns = (*STATUSES, "script", "lowered", "trace")
    lines = ["", "source".ljust(18) + "".join(name.rjust(len(name) + 3) for name in ("models", *columns))]
    for source, counts in by_source.items():
        total = sum(counts[status] for status in STATUSES)
        cells = "".join(str(counts[name]).rjust(len(name) + 3) for name in columns)
        lines.append(source.ljust(18) + str(total).rjust(9) + cells)
    lines += [f"{one.name}: {one.status}: {one.why}" for one in found if one.status != "right"]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
