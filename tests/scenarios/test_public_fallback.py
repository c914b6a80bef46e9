"""With a torch that lacks the private names scriptkit uses, a module behaves the same (errors point less exactly)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "SCRIPTKIT_PUBLIC_TORCH": "1", "PYTHONPATH": str(ROOT)}


# the process of its own is measured where this one is: nothing else runs the way without private names
COVERAGE = sys.modules.get("coverage")
IS_MEASURED = COVERAGE is not None and COVERAGE.Coverage.current() is not None
MEASURED = ("-m", "coverage", "run", "--parallel-mode") if IS_MEASURED else ()


def run(*command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command], env=ENVIRONMENT, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.mark.slow
def test_the_scenarios_hold() -> None:
    files = (f"tests/scenarios/test_{name}.py" for name in ("running", "state", "surgery", "composition"))
    assert " passed" in run("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:cov", *files)


@pytest.mark.slow
def test_lifts_functions_and_numbers_hold() -> None:
    names = ("test_lifts", "test_private_names", "test_python_numbers", "test_argument_containers")
    files = [*(f"tests/engines/torchscript/{name}.py" for name in names), "tests/compiling/test_traced_functions.py"]
    assert " passed" in run(*MEASURED, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:cov", *files)


@pytest.mark.slow
def test_foreign_submodules_hold() -> None:
    """Lowered, traced and pending ones; the other tests of that file take as long again and say the same."""
    chosen = "three_deep or without_inputs"
    file = "tests/compiling/test_foreign.py"
    assert " passed" in run("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:cov", "-k", chosen, file)


@pytest.mark.slow
def test_random_lives_agree() -> None:
    said = run("-W", "ignore", "-m", "tests.scenarios.mutations", "--sequences", "10", "--steps", "10")
    assert "10 of 10 sequences of 10 steps agree" in said
