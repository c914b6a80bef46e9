"""With a torch that lacks the private names scriptkit uses, a module behaves the same (errors point less exactly)."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "SCRIPTKIT_PUBLIC_TORCH": "1", "PYTHONPATH": str(ROOT)}


def run(*command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command], env=ENVIRONMENT, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_the_scenarios_hold() -> None:
    files = (f"tests/scenarios/test_{name}.py" for name in ("running", "state", "surgery", "composition"))
    assert " passed" in run("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:cov", *files)


def test_random_lives_agree() -> None:
    said = run("-W", "ignore", "-m", "tests.scenarios.mutations", "--sequences", "10", "--steps", "10")
    assert "10 of 10 sequences of 10 steps agree" in said
