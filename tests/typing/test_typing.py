"""mypy --strict and pyright read `api.py` as its comments say: those errors on those lines, and no other."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

API = Path(__file__).parent / "api.py"
ROOT = API.parents[2]


def expected(checker: str) -> dict[int, str]:
    """Line and words of each error a type checker must find."""
    lines = enumerate(API.read_text().splitlines(), 1)
    marks = ((number, re.search(rf"  # (?:{checker} )?error: (.*)", line)) for number, line in lines)
    return {number: mark[1] for number, mark in marks if mark}


def test_the_file_expects_errors() -> None:
    assert len(expected("mypy")) >= 20


@pytest.mark.slow
def test_mypy_strict() -> None:
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--cache-dir=.mypy_cache/typing", str(API)]
    options = ["--no-error-summary", "--show-error-codes", "--explicit-package-bases", "--follow-imports=silent"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, cwd=ROOT, timeout=300, check=False)
    found = re.findall(r"^[^:\n]+api\.py:(\d+): error: (.*)$", done.stdout, re.MULTILINE)
    assert done.stderr == ""
    assert sorted(int(line) for line, _ in found) == sorted(expected("mypy")), done.stdout
    for line, message in found:
        assert expected("mypy")[int(line)] in message, f"{line}: {message}"


def test_pyright() -> None:
    pyright = Path(sys.executable).with_name("pyright")
    if not pyright.exists() and shutil.which("pyright") is None:
        pytest.skip("pyright is not installed")
    environment = {**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}
    command = [str(pyright), "--outputjson", "--pythonpath", sys.executable, str(API)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=300, check=False)
    if not done.stdout.startswith("{"):
        pytest.skip(f"pyright does not run here: {done.stderr[-200:]}")
    answers = json.loads(done.stdout)["generalDiagnostics"]
    found = {a["range"]["start"]["line"] + 1: a["message"] for a in answers if a["severity"] == "error"}
    assert sorted(found) == sorted(expected("pyright")), json.dumps(found, indent=1)
