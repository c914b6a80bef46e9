"""Files of other people's models load where their packages are missing, and two processes write the same bytes."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.zoo.catalogue import CATALOGUE

SELECTED = os.environ.get("SCRIPTKIT_ZOO")
QUICK = [e for e in CATALOGUE if e.is_quick and (SELECTED or importlib.util.find_spec(e.package))]
"""With `SCRIPTKIT_ZOO=all` each of them, else one of each package."""
NAMES = list(({e.name: e.name for e in QUICK} if SELECTED == "all" else {e.package: e.name for e in QUICK}).values())


def run(folder: Path, root: Path, *arguments: str, seed: str) -> list[str]:
    folder.mkdir(exist_ok=True)
    environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join([str(root), *sys.path])}
    command = [sys.executable, "-m", "tests.zoo.saved_models", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.splitlines()


@pytest.mark.slow
@pytest.mark.skipif(not NAMES, reason="none of the packages is installed")
def test_saved_models_are_the_same_in_other_processes_and_equal_without_their_packages(
    tmp_path: Path, root: Path
) -> None:
    one = run(tmp_path / "one", root, "write", ".pt", *NAMES, seed="1")
    two = run(tmp_path / "another folder", root, "write", ".ts", *NAMES, seed="77")
    assert _without_generated(one) == _without_generated(two)
    assert len(one) == len(NAMES)
    assert run(tmp_path / "one", root, "read", seed="2") == [f"{name} equal" for name in sorted(NAMES, key=_file_name)]


def _without_generated(lines: list[str]) -> list[str]:
    """torch_geometric writes code of its own into files with random names, which compiled code mentions."""
    return [line for line in lines if not line.startswith("torch_geometric/")]


def _file_name(name: str) -> str:
    return name.replace("/", "-") + ".outputs"
