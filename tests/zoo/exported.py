"""`python -m tests.zoo.exported [PATTERN...]`: every model of the catalogue as a verified program of torch.export.

Each is exported, saved and loaded; the loaded file is compared with eager on both inputs and on other values and sizes.
"""

from __future__ import annotations

import io
import sys
import time
import warnings
from collections import Counter, defaultdict
from dataclasses import dataclass

import click
import torch

import scriptkit
from scriptkit.live.comparison import compare
from scriptkit.live.copies import with_fresh_tensors
from scriptkit.live.nested import flatten
from scriptkit.live.variations import Example, perturbations
from tests.zoo.catalogue import Arguments, Entry
from tests.zoo.chosen import chosen
from tests.zoo.trial import PACKAGES, plain

STATUSES = ("equal everywhere", "equal, some refused", "refused", "wrong")
SEED = 5
TIME_LIMIT = 240.0


@dataclass(frozen=True)
class Exported:
    """What became of a model: one of `STATUSES`, the route, and why."""

    name: str
    status: str
    route: str = ""
    why: str = ""


def exported(entry: Entry) -> Exported:
    """Export, save, load and compare one model; nothing is raised but what the model itself raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # other people's code warns of what it likes
        torch.manual_seed(1)
        model = entry.make().eval()
        try:
            made = scriptkit.export_program(model, entry.first(), methods=["forward"], time_limit=TIME_LIMIT)
            file = io.BytesIO()
            made.save(file)
            file.seek(0)
            loaded = scriptkit.load(file)
        except scriptkit.ScriptkitError as error:
            return Exported(entry.name, "refused", why=wall(error))
        refused = []
        for name, args in calls_of(entry):
            try:
                expected = _called(model, args)
            except Exception:  # noqa: BLE001 - what the model refuses says nothing
                continue
            try:
                actual = _called(loaded, args)
            except Exception as error:  # noqa: BLE001 - a limit
                refused.append(f"{name}: {str(error).strip().splitlines()[-1][:200]}")
                continue
            found = compare(_leaves(expected), _leaves(actual))
            if found:
                return Exported(entry.name, "wrong", made.report.rows[0].route, f"{name}: {found[0].what}")
        status = "equal, some refused" if refused else "equal everywhere"
        return Exported(entry.name, status, made.report.rows[0].route, "; ".join(refused[:2]))


def calls_of(entry: Entry) -> list[tuple[str, Arguments]]:
    """The example, the second input, and changed ones, each with its name."""
    first = entry.first()
    changes = [(change.name, change.args) for change in perturbations(Example.of(first, {}), large=True)]
    return [("the example", first), ("the second input", entry.second()), *changes]


def _called(form: object, args: Arguments) -> object:
    own = with_fresh_tensors(args)
    torch.manual_seed(SEED)
    with torch.no_grad():
        return form(*own)  # type: ignore[operator]


def _leaves(value: object) -> list[torch.Tensor]:
    """The tensors in order: a file knows the fields of somebody's class, not the class."""
    return flatten(plain(value))[0]


def wall(error: scriptkit.ScriptkitError) -> str:
    """Why a model is refused, on one line."""
    diagnostics = getattr(error, "diagnostics", None)
    words = " | ".join(line.strip() for line in str(error).splitlines()[:4] if line.strip())
    if diagnostics:
        last = diagnostics[-1]
        return f"{last.path.rpartition('/')[2]}:{last.line}: {last.message} ({words[:200]})"
    return words[:300]


@click.command()
@click.argument("patterns", nargs=-1)
def main(patterns: tuple[str, ...]) -> None:
    """Try the models with these names; exit code 1 where one is silently wrong."""
    sys.path.append(str(PACKAGES))
    entries = chosen(patterns)
    found: list[Exported] = []
    for number, entry in enumerate(entries, 1):
        start = time.perf_counter()
        one = exported(entry)
        found.append(one)
        taken = time.perf_counter() - start
        click.echo(f"{number:3}/{len(entries)} {taken:5.1f} s  {one.status:20} {one.route:8} {entry.name}  {one.why}")
    click.echo(table(found))
    sys.exit(any(one.status == "wrong" for one in found))


def table(found: list[Exported]) -> str:
    """Figures by source."""
    by_source: dict[str, Counter[str]] = defaultdict(Counter)
    for one in found:
        for source in (one.name.partition("/")[0], "all"):
            by_source[source][one.status] += 1
    lines = ["", "source".ljust(18) + "".join(name.rjust(len(name) + 3) for name in ("models", *STATUSES))]
    for source, counts in by_source.items():
        cells = "".join(str(counts[name]).rjust(len(name) + 3) for name in STATUSES)
        lines.append(source.ljust(18) + str(sum(counts.values())).rjust(9) + cells)
    return "\n".join(lines)


if __name__ == "__main__":
    main()
