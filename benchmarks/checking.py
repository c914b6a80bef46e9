"""What the plugin costs mypy: a first run, a run after an edit, and one in which nothing changed.

Counted is the processor time of the whole process, user and system.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import model_file
from benchmarks.interleaving import ROOT, Comparison
from benchmarks.measurements import Effort, Measurement, Row, milliseconds

PLAIN = "[tool.mypy]\nstrict = true\n"
WITH_PLUGIN = '[tool.mypy]\nstrict = true\nplugins = ["scriptkit.mypy"]\n[tool.scriptkit]\nall_modules = true\n'


class Project:
    """A folder with the model file and a cache of its own."""

    def __init__(self, folder: Path, configuration: str) -> None:
        self.folder = folder
        folder.mkdir()
        (folder / "pyproject.toml").write_text(configuration)
        (folder / "models.py").write_text(model_file.text())

    def edit(self, turn: int) -> None:
        (self.folder / "models.py").write_text(f"{model_file.text()}\n\nEDIT = {turn}\n")

    def seconds(self, *options: str) -> float:
        """Run mypy; seconds of processor time."""
        bytecode = {"PYTHONPYCACHEPREFIX": str(self.folder.parent / "bytecode"), "PYTHONPATH": str(ROOT)}
        environment = {**os.environ, **bytecode}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package has its bytecode
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "mypy", *options, "models.py"]
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode not in {0, 1}:
            sys.exit(done.stderr)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def mypy(effort: Effort) -> list[Row]:
    """The plugin on a file of thirty modules, all of them checked."""
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = Project(Path(folder, "ours"), WITH_PLUGIN), Project(Path(folder, "theirs"), PLAIN)

        def compare(rounds: int, *options: str, edits: bool = False) -> Comparison:
            pairs = []
            for turn in range(rounds):
                for project in (ours, theirs) if edits else ():
                    project.edit(turn)
                if turn % 2:
                    second = theirs.seconds(*options)
                    pairs.append((ours.seconds(*options), second))
                else:
                    first = ours.seconds(*options)
                    pairs.append((first, theirs.seconds(*options)))
            return Comparison.of(pairs)

        cold = compare(max(2, effort.processes // 2), f"--cache-dir={os.devnull}")
        compare(2)  # fills the caches
        edited = compare(3 * effort.processes, edits=True)
        warm = compare(3 * effort.processes)
    return [
        milliseconds(cold, "mypy with the plugin: first run, against mypy alone", 1.10),
        milliseconds(edited, "mypy with the plugin: after an edit of the file", 1.30),
        milliseconds(warm, "mypy with the plugin: nothing changed", 1.05),
    ]


def check(effort: Effort) -> list[Row]:
    """`scriptkit check` of one file from a cold start, and of the corpus, against mypy without the plugin."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "models.py")
        file.write_text(model_file.text(6))
        one = min(_seconds(["scriptkit", "check", "--all-modules", str(file)]) for _ in range(max(3, effort.processes)))
        corpus = sorted(str(path) for path in (ROOT / "tests" / "corpus").rglob("*.py"))[:400]
        ours = _seconds(["scriptkit", "check", "--all-modules", *corpus])
        nothing_cached = [f"--cache-dir={os.devnull}", "--ignore-missing-imports", "--scripts-are-modules"]
        configuration = Path(folder, "mypy.ini")
        configuration.write_text("[mypy]\n")
        many = Path(folder, "many")
        many.mkdir()
        for number, path in enumerate(corpus):  # names of their own: mypy takes each but once
            (many / f"model_{number}.py").write_text(Path(path).read_text(encoding="utf-8"), encoding="utf-8")
        theirs = _seconds(["mypy", f"--config-file={configuration}", *nothing_cached, str(many)])
    return [
        Row("check one file of 287 lines, cold", f"{one:.2f} s", "", one, goal=0.35, unit="s"),
        Row(f"check {len(corpus)} files, against mypy", f"{ours:.1f} s", f"{theirs:.1f} s", ours / theirs, goal=1 / 3),
    ]


def _seconds(command: list[str]) -> float:
    """Processor time of a command of Python's, its children included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


ALL: dict[str, Measurement] = {"mypy": mypy, "checking": check}
