"""The hooks of `.pre-commit-hooks.yaml` do what pre-commit runs them for."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from tests.packaging.environment import ROOT

HOOKS: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
BASE = "import torch\nfrom torch import Tensor, nn\nfrom scriptkit import ScriptableModule\n"
NET = "class Net({base}):\n    def forward(self, x: Tensor) -> Tensor:\n        return {value}\n"


def run(hook: dict[str, Any], folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    """What pre-commit does: the entry, then the names of the changed files."""
    (folder / "model.py").write_text(BASE + text)
    program, *arguments = shlex.split(hook["entry"])
    command = [str(Path(sys.executable).with_name(program)), *arguments, "model.py"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_a_hook_fails_for_a_module_that_does_not_compile(hook: dict[str, Any], tmp_path: Path) -> None:
    result = run(hook, tmp_path, NET.format(base="ScriptableModule", value="(lambda t: t)(x)"))
    assert result.returncode == 1
    assert "model.py:6:" in result.stdout


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_a_hook_passes_for_one_that_does(hook: dict[str, Any], tmp_path: Path) -> None:
    assert run(hook, tmp_path, NET.format(base="ScriptableModule", value="x + 1")).returncode == 0


def test_only_one_hook_looks_at_plain_modules(tmp_path: Path) -> None:
    plain = NET.format(base="nn.Module", value="(lambda t: t)(x)")
    assert [run(hook, tmp_path, plain).returncode for hook in HOOKS] == [0, 1]


def test_each_hook_says_what_pre_commit_must_know() -> None:
    for hook in HOOKS:
        assert {"id", "name", "description", "entry", "language", "types"} == set(hook)
        assert hook["language"] == "system"
