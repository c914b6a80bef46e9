"""How many models of the catalogue are right, by source, and what stands in the way of each that is not lowered.

    python -m tests.zoo.figures [--walls FILE] [PATTERN...]

Right means: compiled, saved and loaded, equal to eager on both inputs; perturbed third inputs, training mode and double
precision have to be right or an error. `wrong` is the line that must stay empty.
"""

from __future__ import annotations

import argparse
import copy
import fnmatch
import time
import warnings
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

import scriptkit
from scriptkit.compiling.comparison import compare
from scriptkit.compiling.isolation import copy_tree, random_states_kept, with_fresh_tensors
from scriptkit.compiling.perturb import Example, perturbations
from scriptkit.compiling.structure import flatten
from scriptkit.compiling.wrapper import restored
from scriptkit.engines.torchscript import files
from tests.zoo.catalogue import CATALOGUE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.zoo.catalogue import Entry


@dataclass
class Figures:
    """What became of one model."""

    entry: Entry
    mode: str = ""
    wall: str = ""
    is_right: bool = False
    wrong: list[str] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    agreed: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        loud = ", ".join(f"{count} {what}" for what, count in self.refused.items())
        state = "right" if self.is_right else "NOT RIGHT"
        line = f"{self.entry.name:<40} {self.mode or '-':<8} {state:<9} {self.agreed:>3} equal {self.seconds:5.1f} s"
        return "\n    ".join([line, *([loud] if loud else []), *([self.wall] if self.wall else []), *self.wrong])


def examined(entry: Entry) -> Figures:
    """Compile a model, save and load it, and compare."""
    found = Figures(entry)
    torch.manual_seed(0)
    model = entry.make().eval()
    first, second = entry.first(), entry.second()
    started = time.perf_counter()
    try:
        compiled = scriptkit.compile(model, first)
    except Exception as error:  # noqa: BLE001 - whatever stands in the way is the figure
        found.wall = f"{type(error).__name__}: {_first_line(error)}"
        return found
    finally:
        found.seconds = time.perf_counter() - started
    row = scriptkit.report(compiled).rows[0]
    found.mode = row.mode
    found.wall = row.reason if row.mode == "trace" else ""
    data = files.serialise(scriptkit.to_torchscript(compiled))
    for name, inputs, training, dtype in _calls(first, second):
        outcome = _compared(model, files.load_bytes(data, None), inputs, training=training, dtype=dtype)
        if outcome == "":
            found.agreed += 1
        elif outcome.startswith("differs"):
            found.wrong.append(f"WRONG on {name}: {outcome}")
        elif outcome != "eager refuses":
            found.refused[f"raise on {name.partition(':')[0]}"] += 1
            if name in {"first", "second"}:
                found.wall = found.wall or outcome
        if name == "first":
            found.is_right = outcome == ""
        elif name == "second":
            found.is_right &= outcome == ""
    return found


def _calls(first: Any, second: Any) -> Iterator[tuple[str, Any, bool, torch.dtype]]:
    """The first two decide; then others, in training, in double precision."""
    for training, dtype in ((False, torch.float32), (True, torch.float32), (False, torch.float64)):
        suffix = ("training " if training else "") + ("double " if dtype == torch.float64 else "")
        for name, inputs in (("first", first), ("second", second)):
            yield f"{suffix}{name}", inputs, training, dtype
    for number, inputs in enumerate((first, second)):
        for change in perturbations(Example.of(inputs, {}), large=True):
            yield f"changed: {number} {change.name}", change.args, False, torch.float32


def _compared(model: Any, loaded: Any, inputs: Any, *, training: bool, dtype: torch.dtype) -> str:
    """Empty where both agree, else what happened."""
    eager = copy_tree(model).train(training)
    if dtype != torch.float32:
        eager = torch.nn.Module.to(copy.deepcopy(model), dtype)
        inputs = tuple(t.to(dtype) if t.is_floating_point() else t for t in inputs)
        loaded = loaded.to(dtype)
    try:
        with torch.no_grad(), random_states_kept(3):
            expected = eager(*with_fresh_tensors(inputs))
    except Exception:  # noqa: BLE001
        return "eager refuses"
    try:
        with torch.no_grad(), random_states_kept(3):
            loaded.train(training)
            actual = restored(flatten(expected)[1], loaded(*with_fresh_tensors(inputs)))
    except Exception as error:  # noqa: BLE001
        return f"raises {_first_line(error)}"
    differences = compare(_plain(expected), _plain(actual))
    return f"differs: {differences[0].path}: {differences[0].what}" if differences else ""


def _plain(value: Any) -> Any:
    """TorchScript has one kind of mapping."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if item is not None}
    return value


def _first_line(error: BaseException) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    said = [line for line in lines if line.startswith(("RuntimeError", "AssertionError"))]
    return (said or lines or [type(error).__name__])[-1 if said else 0][:300]


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--walls", help="a file that gets the walls of what is not lowered, the most frequent first")
    parser.add_argument("patterns", nargs="*", default=["*"])
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    found: list[Figures] = []
    for entry in CATALOGUE:
        if any(fnmatch.fnmatchcase(entry.name, pattern) for pattern in options.patterns):
            try:
                found.append(examined(entry))
            except Exception as error:  # noqa: BLE001 - the model itself does not run here
                found.append(
                    Figures(entry, wall=f"the model does not run: {type(error).__name__}: {_first_line(error)}")
                )
            print(found[-1], flush=True)  # noqa: T201 - the figures are what this is for
    for package in sorted({figures.entry.package for figures in found}):
        print(_summary(package, [f for f in found if f.entry.package == package]))  # noqa: T201
    if options.walls:
        with open(options.walls, "w", encoding="utf-8") as file:  # noqa: PTH123
            walls = Counter(f.wall for f in found if f.wall)
            file.writelines(f"{count} {wall}\n" for wall, count in walls.most_common())


def _summary(package: str, found: list[Figures]) -> str:
    modes = Counter(figures.mode or "none" for figures in found if figures.is_right)
    right = sum(figures.is_right for figures in found)
    wrong = sum(bool(figures.wrong) for figures in found)
    return (
        f"{package}: {right} of {len(found)} right ({', '.join(f'{n} {m}' for m, n in modes.items())}), {wrong} wrong"
    )


if __name__ == "__main__":
    main()
