"""Write `docs/versions.md`: what was run, and what behaves differently where. `--check` fails when it is stale."""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scriptkit.language import operators, versions
from scriptkit.rules import all_rules
from tools.torch_matrix.cells import ALL
from tools.torch_matrix.differences import DIFFERENCES
from tools.torch_matrix.environments import ROOT
from tools.torch_matrix.exceptions import unable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.torch_matrix.environments import Version

PAGE = ROOT / "docs" / "versions.md"
RESULTS = Path(__file__).with_name("results.json")
INTRODUCTION = """\
# Versions of torch and Python

<!-- written by `make versions`; the texts stand in tools/torch_matrix -->

Supported means run: the table says what each version below passed of the blocks of the README, the demo,
torch's own modules and the whole suite of tests (`make torch-matrix`). The promises are the same on each. Other
releases of a listed minor version (2.9.0 beside 2.9.1) are judged by its table. On a torch newer than all of
them, the newest table is used, what a class statement finds is a warning, and the constructor judges;
`scriptkit doctor` says so.

People develop on one torch and ship another: `scriptkit check --torch 2.10`, or `torch = "2.10"` under
`[tool.scriptkit]`, which the mypy plugin reads too, judges code for a version that is not installed.
"""


def text() -> str:
    """The page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield INTRODUCTION
    yield "## What was run\n"
    yield "| torch | Python | README | demo | torch's modules | tests | left out |\n|---|---|---|---|---|---|---|"
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    yield from (_row(version, results.get(version.name, {})) for version in ALL)
    yield from _left_out()
    yield "\n## What behaves differently\n"
    yield "| since | | before |\n|---|---|---|"
    yield from (f"| {one.since} | {one.what} | {one.before} |" for one in DIFFERENCES)
    yield "\n## What the compiler knows\n"
    yield "What compiled code may call, by the tables that code is judged by (`torch`, `torch.nn.functional`,"
    yield "`torch.linalg`, `torch.fft`, `torch.special`, `Tensor`; public names only).\n"
    yield "| since | new | gone |\n|---|---|---|"
    yield from (_changes(before, after) for before, after in itertools.pairwise(versions.known()))
    yield "\n## Rules that know their version\n"
    yield "| rule | of code for |\n|---|---|"
    for rule in all_rules():
        if rule.since or rule.until:
            yield f"| [{rule.name}](rules/{rule.name}.md) | {_span(rule.since, rule.until)} |"


def _row(version: Version, result: dict[str, Any]) -> str:
    excused = len(unable(version.torch, version.python))
    cells = [str(result.get(part, "not run yet")) for part in ("README", "demo", "modules", "suite")]
    return f"| {version.torch} | {version.python} | {' | '.join(cells)} | {excused} |"


def _left_out() -> Iterator[str]:
    found = {one: [v for v in ALL if one.meets(v.torch, v.python)] for v in ALL for one in unable(v.torch, v.python)}
    if found:
        yield "\nTests that cannot hold on a version:\n"
        yield "| test | where | why |\n|---|---|---|"
    for one, where in found.items():
        yield f"| `{one.test}` | {'; '.join(map(str, where))} | {one.why} |"


def _changes(before: str, after: str) -> str:
    old, new = _names(before), _names(after)
    return f"| torch {after} | {_listed(new - old)} | {_listed(old - new)} |"


def _names(version: str) -> set[str]:
    table = operators.of_torch(version).data
    methods = {f"Tensor.{name}" for name in table["tensor_python_only"] if name in table["operators"]}
    dotted = {*table["functions"], *table["python_functions"]}
    return {name for name in {*methods, *dotted} if not any(part.startswith("_") for part in name.split("."))}


def _listed(names: set[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def _span(since: str, until: str) -> str:
    return f"torch {since} and later" if since else f"torch before {until}"


def record(name: str, cells: dict[str, str]) -> None:
    """Keep what a version passed."""
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    results[name] = {**results.get(name, {}), **cells}
    temporary = RESULTS.with_suffix(".part")
    temporary.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    temporary.replace(RESULTS)


def main() -> int:
    """Write the page, or say that it is stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    if not parser.parse_args().check:
        PAGE.write_text(text(), encoding="utf-8")
    elif not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != text():
        print("docs/versions.md is stale: run `make versions`")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
