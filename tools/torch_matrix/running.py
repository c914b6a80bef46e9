"""Run what every supported version must pass: the README, the demo, torch's own modules, the suite."""

from __future__ import annotations

import os
import re
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tools.torch_matrix.environments import ROOT, CannotInstallError, python_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tools.torch_matrix.environments import Version

LOGS = Path(os.environ.get("SCRIPTKIT_MATRIX_LOGS", "/tmp/scriptkit-torch-matrix"))  # noqa: S108 - read by people
_SAMPLES = 2
"""Of each class of torch and mode."""
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


def commands(parts: Iterable[str], more: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """Each part with the arguments of Python that run it."""
    suite = ["-m", "pytest", "-q", "-n", "2", "--dist", "loadfile", "-p", "no:cacheprovider", "-m", "not slow", *more]
    every = {
        "README": ["-W", "error", "-m", "tools.readme", "--check", "README.md"],
        "demo": ["-m", "examples.demo"],
        "modules": ["-m", "tools.torch_modules", "--most", str(_SAMPLES)],
        "suite": suite,
    }
    yield from ((part, every[part]) for part in parts)


def run(version: Version, parts: Iterable[str], more: Iterable[str] = ()) -> Result:
    """Run the parts with one version; what they print is kept in a file of `LOGS`."""
    result = Result(version)
    try:
        python = python_of(version)
    except CannotInstallError as reason:
        result.missing = str(reason)
        return result
    LOGS.mkdir(parents=True, exist_ok=True)
    for part, arguments in commands(parts, more):
        print(f"{version}: {part} ...", flush=True)
        _run_part(result, part, [str(python), *arguments])
    return result


def _run_part(result: Result, part: str, command: list[str]) -> None:
    log = LOGS / f"{result.version.name}-{part}.log"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    began = time.monotonic()
    with log.open("w", encoding="utf-8") as out:
        code = subprocess.run(
            command, cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT, check=False
        ).returncode
    text = log.read_text(encoding="utf-8")
    result.cells[part] = _told(part, text, code, time.monotonic() - began)
    if part == "suite":
        print(text.strip().rpartition("\n")[2], flush=True)
    if code:
        result.wrong += _FAILED.findall(text) or [f"{part}: see {log}"]


def _told(part: str, text: str, code: int, seconds: float) -> str:
    counts = {word: number for number, word in _COUNTS.findall(text.strip().rpartition("\n")[2])}
    if part != "suite" or not counts:
        return "failed" if code else "ok"
    told = ", ".join(f"{number} {word}" for word, number in counts.items())
    return f"{told} ({seconds / 60:.0f} min)"
