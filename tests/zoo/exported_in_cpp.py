"""`python -m tests.zoo.exported_in_cpp [PATTERN...]`: files of exported models in C++, compared with Python bit by bit.

Each model of the catalogue is exported and saved; a C++ program without Python calls the file on the example, on the
second input and on other values and sizes that Python takes. `--driver` names that program where it is built already.
"""

from __future__ import annotations

import copy
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import click
import torch

import scriptkit
from scriptkit.cpp.recording import Call, write_recording
from tests.cpp.running import SOURCES, build, configure, run
from tests.zoo.catalogue import Entry
from tests.zoo.chosen import chosen
from tests.zoo.exported import TIME_LIMIT, Exported, calls_of, wall
from tests.zoo.trial import PACKAGES

STATUSES = ("same bits", "refused at load", "not exported", "different")
_MOST_CALLS = 5


def in_cpp(entry: Entry, driver: Path, folder: Path) -> Exported:
    """Export, save, record and replay one model."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # other people's code warns of what it likes
        torch.manual_seed(1)
        model = entry.make().eval()
        path = folder / "model.pt2"
        try:
            made = scriptkit.export_program(model, entry.first(), methods=["forward"], time_limit=TIME_LIMIT)
            made.save(path)
            calls = _recorded(scriptkit.load(path), entry)
        except scriptkit.ScriptkitError as error:
            return Exported(entry.name, "not exported", why=wall(error))
        write_recording(folder / "calls", calls)
        done = run(driver, "replay", path, folder / "calls")
    said = done.stdout.splitlines()
    if done.returncode:
        return Exported(entry.name, "refused at load", why=(done.stderr or done.stdout).strip()[:300])
    wrong = [
        f"call {number + 1}: {line}"
        for number, (call, line) in enumerate(zip(calls, said, strict=True))
        if line != "equal" and not (call.is_refused and line.startswith("refused"))
    ]
    return Exported(
        entry.name, "different" if wrong else "same bits", f"{len(calls)} calls", "; ".join(wrong[:2])[:400]
    )


def _recorded(form: Callable[..., object], entry: Entry) -> list[Call]:
    """The example first, then what else Python takes, and one call that it refuses."""
    taken: list[Call] = []
    refused: list[Call] = []
    for _, args in calls_of(entry):
        given = copy.deepcopy(args)
        try:
            with torch.no_grad():
                taken.append(Call("forward", given, {}, plain(form(*copy.deepcopy(args)))))
        except Exception:  # noqa: BLE001 - a refusal
            refused.append(Call("forward", given, {}, is_refused=True))
    return [*taken[:_MOST_CALLS], *refused[:1]]


def plain(value: object) -> object:
    """A result as C++ has it, which knows tuples, lists and dictionaries."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return value
    if isinstance(value, (list, tuple)):
        return type(value)(plain(item) for item in value)
    return value


@click.command()
@click.argument("patterns", nargs=-1)
@click.option("--driver", type=click.Path(path_type=Path, exists=True), help="The built tests/cpp/driver.cpp.")
def main(patterns: tuple[str, ...], driver: Path | None) -> None:
    """Try the models with these names; exit code 1 where C++ gives something else."""
    sys.path.append(str(PACKAGES))
    entries = chosen(patterns)
    found: list[Exported] = []
    with tempfile.TemporaryDirectory() as folder:
        program = driver or _built(Path(folder) / "build")
        for number, entry in enumerate(entries, 1):
            start = time.perf_counter()
            one = in_cpp(entry, program, Path(folder))
            found.append(one)
            taken = time.perf_counter() - start
            click.echo(
                f"{number:3}/{len(entries)} {taken:5.1f} s  {one.status:15} {one.route:8} {entry.name}  {one.why}"
            )
    click.echo(", ".join(f"{count} {status}" for status, count in Counter(one.status for one in found).items()))
    sys.exit(any(one.status == "different" for one in found))


def _built(folder: Path) -> Path:
    configure(SOURCES, folder, "-DCMAKE_CXX_FLAGS=-O1 -g0")
    build(folder, "driver")
    return folder / "driver"


if __name__ == "__main__":
    main()
