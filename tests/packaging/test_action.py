"""The action for GitHub: the shell that `action.yml` runs, run here as a runner would."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from tests.packaging.environment import ROOT

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
(STEP,) = ACTION["runs"]["steps"]
BASE = "from torch import Tensor, nn\n\n\n"
BAD = BASE + "class Net(nn.Module):\n    def forward(self, x: Tensor) -> Tensor:\n        return (lambda t: t)(x)\n"

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="the action runs in bash, and there is none here")


def run(folder: Path, **inputs: str) -> tuple[subprocess.CompletedProcess[str], str]:
    """The step with these inputs, and what it gave as its output `findings`."""
    given = {name: str(one["default"]) for name, one in ACTION["inputs"].items()}
    given |= {name.replace("_", "-"): value for name, value in inputs.items()}
    assert set(given) == set(ACTION["inputs"])
    variables = {
        name: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda match: given[match[1]], value)
        for name, value in STEP["env"].items()
    }
    output = folder / "output.txt"
    output.write_text("")
    bin_ = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | variables | {"GITHUB_OUTPUT": str(output), "PATH": bin_, "PYTHONPATH": str(ROOT)}
    # how a runner starts `shell: bash`
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", STEP["run"]]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done, output.read_text()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "bad net.py").write_text(BAD)
    (tmp_path / "src" / "good.py").write_text(BASE)
    return tmp_path


def test_no_input_is_pasted_into_the_shell() -> None:
    """What somebody writes into a workflow or a branch name may not become a command."""
    assert "${{" not in STEP["run"]
    assert all(re.fullmatch(r"\$\{\{ inputs\.[\w-]+ \}\}", value) for value in STEP["env"].values())


def test_findings_are_annotated_counted_and_fail_the_step(folder: Path) -> None:
    done, output = run(folder, paths="src", all_modules="true")
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("::error file=src/bad net.py,line=6,")
    assert output == "findings=1\n"


def test_a_clean_tree_passes_and_counts_none(folder: Path) -> None:
    done, output = run(folder)
    assert (done.returncode, done.stdout, output) == (0, "", "findings=0\n")


def test_each_line_of_paths_and_arguments_is_one_word(folder: Path) -> None:
    done, output = run(folder, paths="src/bad net.py\nsrc/good.py\n", arguments="--all-modules\n--ignore\nSK5\n")
    assert (done.returncode, output) == (0, "findings=0\n"), done.stderr


def test_a_file_for_code_scanning_is_written_beside_the_annotations(folder: Path) -> None:
    done, output = run(folder, all_modules="true", sarif_file="found.sarif", exit_zero="true")
    assert (done.returncode, output) == (0, "findings=1\n"), done.stderr
    assert len(json.loads((folder / "found.sarif").read_text())["runs"][0]["results"]) == 1


def test_a_baseline_is_handed_on(folder: Path) -> None:
    done, _ = run(folder, all_modules="true", baseline="none.json")
    assert done.returncode == 2
    assert "there is no baseline `none.json`" in done.stderr


def test_every_input_is_described_and_used() -> None:
    used = {match for value in STEP["env"].values() for match in re.findall(r"inputs\.([\w-]+)", value)}
    assert used == set(ACTION["inputs"])
    assert all(one["description"] for one in (*ACTION["inputs"].values(), *ACTION["outputs"].values()))
    assert [name for name in STEP["env"] if f"${name}" not in STEP["run"]] == []
