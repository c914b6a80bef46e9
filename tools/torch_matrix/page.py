"""Write `docs/versions.md`: what was run, and what behaves differently where. `--check` fails when it is stale."""

from __future__ import annotations

import argparse
import itertools
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scriptkit.language import operators, versions
from scriptkit.rules import all_rules
from tools.torch_matrix.cells import ALL
from tools.torch_matrix.differences import DIFFERENCES
from tools.torch_matrix.environments import ROOT
from tools.torch_matrix.exceptions import unable
from tools.torch_matrix.running import counts, directories

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.torch_matrix.environments import Version

_COLUMNS = (("passed",), ("failed", "error", "errors"), ("skipped",))
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
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
    yield from _directories(results)
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
    cells = [result.get(part, "not run yet") for part in ("README", "demo", "modules")]
    return f"| {version.torch} | {version.python} | {' | '.join([*cells, _of_the_suite(result)])} | {excused} |"


def _of_the_suite(result: dict[str, str]) -> str:
    if "suite" in result:
        return result["suite"]
    return "by directory, see below" if _by_directory(result) else "not run yet"


def _by_directory(result: dict[str, str]) -> dict[str, str]:
    """What was run of the suite where the whole was never run in one go."""
    ended = [one for one in directories() if counts(result.get(one, ""))]
    return {} if "suite" in result else {one: result[one] for one in ended}


def _directories(results: dict[str, dict[str, str]]) -> Iterator[str]:
    """The sums of directories, and which of them were not run."""
    found = [(version, _by_directory(results.get(version.name, {}))) for version in ALL]
    if not any(cells for _, cells in found):
        return
    yield "\nTests that were run one directory after the other, on the days named:\n"
    yield "| torch | Python | passed | failed | skipped | when | not run yet |\n|---|---|---|---|---|---|---|"
    for version, cells in found:
        if cells:
            totals = [counts(cell) for cell in cells.values()]
            sums = [sum(one.get(word, 0) for one in totals for word in words) for words in _COLUMNS]
            days = sorted({day for cell in cells.values() for day in _DAY.findall(cell)})
            missing = ", ".join(f"`{Path(one).name}`" for one in directories() if one not in cells)
            row = [version.torch, version.python, *map(str, sums), ", ".join(days), missing]
            yield f"| {' | '.join(row)} |"


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


def record(name: str, part: str, cell: str) -> None:
    """Keep what a version passed of a part, or of a directory of the suite; the page says it at once."""
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    results.setdefault(name, {})[part] = cell
    temporary = RESULTS.with_suffix(".part")
    temporary.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    temporary.replace(RESULTS)
    PAGE.write_text(text(), encoding="utf-8")


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
