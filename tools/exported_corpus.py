"""What `scriptkit.export_program` makes of the corpus of small models.

    python -m tools.exported_corpus tests/corpus        # cases/ and verdicts.jsonl

Each model that torch.jit takes is exported, saved and loaded. Eager and the loaded form are then called three times in
a row, buffers compared, on the example and on every change of values and sizes that eager takes. What is refused is
listed with its reason. Exit code 1 where anything differs.
"""

from __future__ import annotations

import argparse
import io
import json
import logging
import sys
import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from rich.progress import track
from torch import nn
from torch.utils import _pytree as pytree

import scriptkit
from scriptkit.live.comparison import compare
from scriptkit.live.copies import with_fresh_tensors
from scriptkit.live.variations import Example, perturbations
from tools.compiled_corpus import headline
from tools.importing import imported

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

CALLS = 3
TIME_LIMIT = 60.0
SEED = 5


@dataclass
class Judged:
    """What became of one model."""

    refused: str = ""
    equal: int = 0
    raises: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    routes: str = ""

    @property
    def outcome(self) -> str:
        """In one word or two."""
        if self.refused:
            return "refused"
        if self.wrong:
            return "wrong"
        return "equal, some calls refused" if self.raises else "equal everywhere"


def main() -> None:
    """Print what is refused and why, then the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("only", nargs="*", help="parts of file names")
    parser.add_argument("--quiet", action="store_true", help="figures only")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    records = map(json.loads, (arguments.corpus / "verdicts.jsonl").read_text(encoding="utf-8").splitlines())
    names = [r["file"] for r in records if r["kind"] == "positive" and r["verdict"] == "ok"]
    names = [name for name in names if not arguments.only or any(part in name for part in arguments.only)]
    counts: Counter[str] = Counter()
    for name in track(names, "exporting", disable=not sys.stderr.isatty()):
        found = judged(arguments.corpus / name)
        counts[found.outcome] += 1
        if found.outcome != "equal everywhere" and not (arguments.quiet and found.outcome != "wrong"):
            print(
                f"{found.outcome}: {name}: {found.refused or '; '.join((*found.wrong, *found.raises))[:400]}",
                flush=True,
            )
        counts[f"  {found.routes}"] += bool(found.routes)
    told = [f"{sum(n for key, n in counts.items() if key[0] != ' ')} models"]
    print(", ".join([*told, *(f"{number} {outcome.strip()}" for outcome, number in counts.most_common())]))
    sys.exit(bool(counts["wrong"]))


def judged(path: Path) -> Judged:
    """Export one file, and compare."""
    try:
        file = imported(path)
        module, args = made(file), tuple(file.inputs())
    except Exception as error:  # noqa: BLE001 - other people's code
        return Judged(refused=f"eager: {headline(error)}")
    try:
        exported = scriptkit.export_program(module, args, time_limit=TIME_LIMIT, methods=["forward"])
        buffer = io.BytesIO()
        exported.save(buffer)
        buffer.seek(0)
        scriptkit.load(buffer)
    except scriptkit.ScriptkitError as error:
        return Judged(refused=str(error).replace("\n", " | ")[:500])
    except Exception as error:  # noqa: BLE001 - a mistake of scriptkit's: what a user may meet is worded
        return Judged(refused=f"UNWORDED {headline(error)}")
    found = Judged(routes=exported.report.rows[0].route)
    for name, changed in others(args):
        expected = rows(made(file), changed)
        if expected is not None:
            buffer.seek(0)
            compared(found, name, expected, scriptkit.load(buffer), changed)
    return found


def made(file: ModuleType) -> nn.Module:
    """A fresh module, in evaluation mode, with the same weights each time."""
    torch.manual_seed(SEED)
    module: nn.Module = file.make().eval()
    return module


def others(args: tuple[Any, ...]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """The example and everything made from it: other values and sizes, other numbers and flags."""
    yield "the example", args
    example = Example.of(args, {})
    if example.tensors:
        for change in perturbations(example, large=example.is_large):
            yield change.name, change.args
    leaves, tree = pytree.tree_flatten(args)
    for place, value in enumerate(leaves):
        other = changed_number(value)
        if other is not None:
            changed = [*leaves[:place], other, *leaves[place + 1 :]]
            yield f"value {place} changed", pytree.tree_unflatten(changed, tree)


def changed_number(value: Any) -> Any:
    """Another flag or number; None for anything else."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1 if isinstance(value, int) else value * 2 + 1
    return None


def rows(module: Any, args: tuple[Any, ...]) -> tuple[list[Any], dict[str, torch.Tensor]] | None:
    """Several calls in a row and the buffers afterwards; None where eager code refuses them."""
    try:
        results = [called(module, args) for _ in range(CALLS)]
    except Exception:  # noqa: BLE001 - what eager code refuses says nothing
        return None
    return results, dict(module.named_buffers())


def called(form: Any, args: tuple[Any, ...]) -> Any:
    """One call on arguments of its own, with the same random numbers each time."""
    own = with_fresh_tensors(args)
    torch.manual_seed(SEED)
    with torch.no_grad():
        return with_fresh_tensors(form(*own))


def compared(found: Judged, name: str, expected: Any, form: Any, args: tuple[Any, ...]) -> None:
    """Note whether a form gives the same."""
    try:
        results = [called(form, args) for _ in range(CALLS)]
    except Exception as error:  # noqa: BLE001 - a refusal
        found.raises.append(f"{name}: {headline(error)}")
        return
    buffers = {key: value for key, value in form.named_buffers() if key in expected[1]}
    differences = [
        *compare(_plain(expected[0]), _plain(results)),
        *compare({key: expected[1][key] for key in buffers}, buffers, path="buffers"),
    ]
    if differences:
        found.wrong.append(f"{name}: {differences[0].path}: {differences[0].what}")
    else:
        found.equal += 1


def _plain(value: Any) -> Any:
    """A file knows the fields of somebody's class, not the class."""
    if isinstance(value, torch.Tensor) or (
        not isinstance(value, (dict, list, tuple)) and not hasattr(value, "__dict__")
    ):
        return value
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return {key: _plain(item) for key, item in vars(value).items()}


if __name__ == "__main__":
    main()
