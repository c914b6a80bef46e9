"""Using scriptkit changes torch for nobody else in the process."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_torch_refuses_what_it_refused_and_has_the_functions_it_had() -> None:
    """In a process of its own: what other tests compile with torch itself stays in this one."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.scenarios.leaving_torch_alone"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout == "torch is as it was\n", done.stdout[-3000:] + done.stderr[-3000:]
