"""Export random modules and compare with Python: `python -m tools.fuzz_exports [--programs N] [--first SEED]`.

Each file is loaded again and called with the example, with other sizes, values, flags and numbers, several times in a
row; results, buffers and refusals are compared with the module's. A module may be refused, and so may a call, in
scriptkit's own words; nothing may be computed otherwise.
"""

from __future__ import annotations

import argparse
import copy
import sys
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

import scriptkit
from scriptkit.live.comparison import compare
from scriptkit.live.nested import flatten
from tools.fuzz_children import Limits, report, run_all
from tools.importing import imported
from tools.tensor_programs import WIDTH, TensorProgram

if TYPE_CHECKING:
    from torch import nn

_LIMITS = Limits(memory=16 << 30, seconds=300)
_TIME_LIMIT = 60.0


class Exports:
    """Makes a program of each module, and compares."""

    def __init__(self, folder: Path) -> None:
        """The files are written to `folder`."""
        self.folder = folder

    def outcome(self, seed: int) -> str:
        """How one module ends."""
        warnings.simplefilter("ignore")
        path = self.folder / f"tensors_{seed}.py"
        path.write_text(TensorProgram(seed).text())
        torch.manual_seed(seed)
        made: Any = imported(path).Model()
        made.train(seed % 4 == 0)
        calls = calls_of(seed)
        try:
            with torch.no_grad():
                copy.deepcopy(made)(*copy.deepcopy(calls[0]))
        except Exception as error:  # noqa: BLE001 - what is random may not fit
            return f"no module: {type(error).__name__}"
        file = self.folder / f"{seed}.pt2"
        try:
            scriptkit.export_program(made, calls[0], methods=["forward"], time_limit=_TIME_LIMIT).save(file)
        except scriptkit.ScriptkitError as error:
            return f"refused: {told(error)}"
        return compared(made, scriptkit.load(file), calls)


def compared(module: nn.Module, loaded: Any, calls: list[tuple[Any, ...]]) -> str:
    """Every call of both in turn; what the file refuses, the module is not asked."""
    refused = 0
    for number, arguments in enumerate(calls):
        actual = outcome_of(loaded, arguments)
        if isinstance(actual, scriptkit.ScriptkitError) and number:
            refused += 1
            continue
        expected = outcome_of(module, arguments)
        if isinstance(actual, Exception) or isinstance(expected, Exception):
            if isinstance(actual, Exception) and isinstance(expected, Exception):
                return "equal, both raise"
            what = "raises" if isinstance(actual, Exception) else "does not raise"
            return f"BAD call {number} {what}: {actual!r:.300} for {expected!r:.300}"
        found = compare(flatten(expected)[0], flatten(actual)[0])
        if found:
            return f"BAD call {number} value: {found[0].what}"
    kept = loaded.state_dict()
    for name, value in module.state_dict().items():
        if name in kept and not torch.allclose(value, kept[name], rtol=1e-4, atol=1e-5, equal_nan=True):
            return f"BAD state: {name}: {value!r:.100} became {kept[name]!r:.100}"
    return f"equal, of {len(calls)} calls refused {refused}"


def outcome_of(form: Any, arguments: tuple[Any, ...]) -> Any:
    """What a call gives, or the exception."""
    with torch.no_grad():
        try:
            return form(*copy.deepcopy(arguments))
        except Exception as error:  # noqa: BLE001 - it is the outcome
            return error


def told(error: scriptkit.ScriptkitError) -> str:
    """The rule and the line of a refusal."""
    found = getattr(error, "diagnostics", ())
    if found and found[-1].line:
        return f"{found[-1].code} line {found[-1].line} {found[-1].message}"
    return "no line: " + " | ".join(line.strip() for line in str(error).splitlines()[:4])


def calls_of(seed: int) -> list[tuple[Any, ...]]:
    """The example, then other sizes, values, numbers and flags."""
    generator = torch.Generator().manual_seed(seed)
    has_mask = seed % 3 > 0
    sizes = ((2, 5), (2, 5), (3, 5), (2, 7), (1, 5), (2, 1), (4, 4), (2, 5))
    calls: list[tuple[Any, ...]] = []
    for number, (batch, time) in enumerate(sizes):
        made = torch.randn(batch, time, WIDTH, generator=generator) * (3.0 if number == 1 else 1.0)
        other = torch.randn(batch, WIDTH, generator=generator)
        here = torch.rand(batch, time, generator=generator) > 0.4  # noqa: PLR2004
        calls.append((made, other, here if has_mask else None, 3, 0.5, seed % 2 == 0))
    x, v, mask, n, r, flag = calls[-1]
    others = [(x, v, mask, n, r, not flag), (x, v, mask, 2, r, flag), (x, v, mask, n, 0.25, flag)]
    return [*calls, *others, (torch.zeros_like(x), -v, mask, n, r, flag), calls[0]]


def main() -> int:
    """Print how the modules ended; exit with 1 if one ended badly."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=int, default=200)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--show", action="store_true", help="print how each ended")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        exports = Exports(Path(folder))

        def outcome(seed: int) -> str:
            found = exports.outcome(seed)
            if arguments.show:
                print(f"{seed}: {found}", file=sys.stderr, flush=True)
            return found

        seeds = range(arguments.first, arguments.first + arguments.programs)
        counts, failures = run_all(seeds, outcome, _LIMITS)
    return report("exported modules", counts, failures)


if __name__ == "__main__":
    sys.exit(main())
