"""Run what every supported version must pass: the README, the demo, torch's own modules, the suite."""

from __future__ import annotations

import datetime as dt
import os
import re
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tools.torch_matrix.environments import ROOT, CannotInstallError, python_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tools.torch_matrix.environments import Version

LOGS = Path(os.environ.get("SCRIPTKIT_MATRIX_LOGS", "/tmp/scriptkit-torch-matrix"))  # noqa: S108 - read by people
_SAMPLES = 2
"""Of each class of torch and mode."""
_NOTHING_TO_RUN = 5  # what pytest exits with where all tests of a directory are slow ones
BESIDE = "tests/*.py"
"""The files of tests that lie in no directory."""
_COUNTS = re.compile(r"(\d+) (passed|failed|error|errors|skipped)")
_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)


@dataclass
class Result:
    """What one version passed; `wrong` names what it did not, `missing` says why it could not be run."""

    version: Version
    cells: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    missing: str = ""

    @property
    def is_green(self) -> bool:
        """Whether everything passed."""
        return not self.wrong and not self.missing


def commands(parts: Iterable[str], more: Iterable[str], processes: int = 2) -> Iterator[tuple[str, list[str]]]:
    """Each part with the arguments of Python that run it; a part may be a directory of tests."""
    at_once = [str(processes), "--dist", "loadfile"] if processes else ["0"]
    suite = ["-m", "pytest", "-q", "-n", *at_once, "-p", "no:cacheprovider", "-m", "not slow", *more]
    every = {
        "README": ["-W", "error", "-m", "tools.readme", "--check", "README.md"],
        "demo": ["-m", "examples.demo"],
        "modules": ["-m", "tools.torch_modules", "--most", str(_SAMPLES)],
        "suite": suite,
    }
    for part in parts:
        yield part, every[part] if part in every else [*suite, *_paths(part)]


def directories() -> list[str]:
    """What the suite consists of: each directory of tests, and the files beside them."""
    folder = ROOT / "tests"
    return [BESIDE, *sorted(f"tests/{one.name}" for one in folder.iterdir() if any(one.rglob("test_*.py")))]


def _paths(directory: str) -> list[str]:
    return sorted(str(path.relative_to(ROOT)) for path in ROOT.glob(directory)) if directory == BESIDE else [directory]


def run(
    version: Version,
    parts: Iterable[str],
    more: Iterable[str] = (),
    processes: int = 2,
    keep: Callable[[str, str], object] | None = None,
) -> Result:
    """Run the parts with one version, and keep each result as it is there; what they print is in a file of `LOGS`."""
    result = Result(version)
    try:
        python = python_of(version)
    except CannotInstallError as reason:
        result.missing = str(reason)
        return result
    LOGS.mkdir(parents=True, exist_ok=True)
    for part, arguments in commands(parts, more, processes):
        print(f"{version}: {part} ...", flush=True)
        _run_part(result, part, [str(python), *arguments])
        if keep is not None:
            keep(part, result.cells[part])
    return result


def _run_part(result: Result, part: str, command: list[str]) -> None:
    log = LOGS / f"{result.version.name}-{part.replace('/', '-').replace('*', 'files')}.log"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    began = time.monotonic()
    with log.open("w", encoding="utf-8") as out:
        code = subprocess.run(
            command, cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT, check=False
        ).returncode
    text = log.read_text(encoding="utf-8")
    result.cells[part] = _told(part, text, code, time.monotonic() - began)
    if _is_of_the_suite(part):
        print(text.strip().rpartition("\n")[2], flush=True)
    if code not in (0, _NOTHING_TO_RUN):
        result.wrong += _FAILED.findall(text) or [f"{part}: see {log}"]


def _told(part: str, text: str, code: int, seconds: float) -> str:
    found = counts(text.strip().rpartition("\n")[2])
    if code == _NOTHING_TO_RUN:
        return "0 passed"
    if not _is_of_the_suite(part) or not found:
        return "failed" if code else "ok"
    told = ", ".join(f"{number} {word}" for word, number in found.items())
    return f"{told} ({seconds / 60:.0f} min, {dt.datetime.now(dt.timezone.utc).date()})"


def counts(told: str) -> dict[str, int]:
    """How many tests passed, failed and so on, as a line of pytest or a cell says it."""
    return {word: int(number) for number, word in _COUNTS.findall(told)}


def _is_of_the_suite(part: str) -> bool:
    return part == "suite" or part.startswith("tests/")
