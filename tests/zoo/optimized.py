"""`python -m tests.zoo.optimized [PATTERN...]`: every model of the catalogue, optimised for inference.

Each is compiled and optimised; what is kept is saved and loaded, compared with eager on both inputs, and timed again in
turn with plain script: nothing may differ, and nothing be slower.
"""

from __future__ import annotations

import io
import sys
import time
import warnings
from collections import Counter
from dataclasses import dataclass

import click
import torch

import scriptkit
from scriptkit.interleaving import Ratio, interleaved
from scriptkit.live.copies import with_fresh_tensors
from scriptkit.live.nested import flatten
from tests.zoo.catalogue import Arguments, Entry
from tests.zoo.chosen import chosen
from tests.zoo.trial import PACKAGES, plain

SEED = 5
ROUNDS = 15
LIMIT = 15.0
MOST = 1e-3
"""How far apart the largest difference and the largest element may be: what rounding makes of deep models."""


@dataclass(frozen=True)
class Optimised:
    """What became of a model: "equal", "different" or "refused"; the variant, its ratio to plain script, and why."""

    name: str
    status: str
    variant: str = ""
    ratio: Ratio | None = None
    why: str = ""

    @property
    def is_slower(self) -> bool:
        """Whether it lost against plain script in three rounds of four."""
        return self.ratio is not None and self.ratio.high < 1.0


def optimised(entry: Entry) -> Optimised:
    """Optimise, save, load, compare and time one model; nothing is raised but what the model itself raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # other people's code warns of what it likes
        torch.manual_seed(1)
        model = entry.make().eval()
        try:
            compiled = scriptkit.compile(model, entry.first())
            made = scriptkit.optimize(compiled, entry.first())
            stream = io.BytesIO()
            made.save(stream)
            loaded = scriptkit.load(io.BytesIO(stream.getvalue()))
        except scriptkit.ScriptkitError as error:
            return Optimised(entry.name, "refused", why=str(error).strip().splitlines()[0][:200])
        for inputs in (entry.first(), entry.second()):
            try:
                expected = _called(model, inputs)
            except Exception:  # noqa: BLE001 - what the model refuses says nothing
                continue
            for form in (made, loaded):
                why = _difference(expected, form, inputs)
                if why:
                    return Optimised(entry.name, "different", made.variant, why=why)
        ratio = _ratio(compiled, made, entry.first())
        return Optimised(entry.name, "equal", made.variant, ratio)


def _called(form: object, args: Arguments) -> list[torch.Tensor]:
    torch.manual_seed(SEED)
    with torch.no_grad():
        return flatten(plain(form(*with_fresh_tensors(args))))[0]  # type: ignore[operator]


def _difference(expected: list[torch.Tensor], form: object, args: Arguments) -> str:
    """Where a form is not eager, measured by the largest element; what a trace refuses is none."""
    for _ in range(3):  # the first calls run before anything is fused
        try:
            found = _called(form, args)
        except Exception as error:  # noqa: BLE001 - a limit
            return "" if getattr(error, "refuses_call", False) or "was traced" in str(error) else str(error)[:200]
        for one, other in zip(expected, found, strict=True):
            apart = (one.double() - other.double()).abs().max() if one.numel() else torch.zeros(())
            if not float(apart) <= MOST * max(float(one.double().abs().max()) if one.numel() else 0.0, 1e-6):
                return f"off by {float(apart):.3g}"
    return ""


def _ratio(compiled: torch.nn.Module, made: scriptkit.OptimizedModule, args: Arguments) -> Ratio:
    program = scriptkit.to_torchscript(compiled)
    with torch.no_grad():
        calls = (lambda: program(*args), lambda: made(*args))
        columns = list(zip(*interleaved(calls, ROUNDS, warm_rounds=3, limit=LIMIT), strict=True))
    return Ratio.of(*columns)


@click.command()
@click.argument("patterns", nargs=-1)
def main(patterns: tuple[str, ...]) -> None:
    """Try the models with these names; exit code 1 where one is different, or slower than plain script."""
    sys.path.append(str(PACKAGES))
    torch.set_num_threads(1)
    entries = chosen(patterns)
    found: list[Optimised] = []
    for number, entry in enumerate(entries, 1):
        start = time.perf_counter()
        one = optimised(entry)
        found.append(one)
        words = f"{one.status:9} {one.ratio or ''!s:20} {one.variant:22} {one.name} {one.why}"
        click.echo(f"{number:3}/{len(entries)} {time.perf_counter() - start:5.1f} s  {words}")
    counts = Counter(one.status for one in found)
    slower = [one.name for one in found if one.is_slower]
    told = ", ".join(f"{counts[status]} {status}" for status in ("equal", "different", "refused"))
    click.echo(f"\n{len(found)} models: {told}; {len(slower)} slower than plain script {' '.join(slower)}".rstrip())
    sys.exit(bool(counts["different"] or slower))


if __name__ == "__main__":
    main()
