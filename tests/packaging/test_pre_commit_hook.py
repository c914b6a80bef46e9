"""The hooks of `.pre-commit-hooks.yaml` do what pre-commit runs them for."""

from __future__ import annotations

import os
import shlex
import shutil
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


_PEOPLE = ("AUTHOR_NAME", "AUTHOR_EMAIL", "COMMITTER_NAME", "COMMITTER_EMAIL")


class Repositories:
    """A repository with our hooks, and a fresh one whose pre-commit uses them."""

    def __init__(self, folder: Path) -> None:
        self.hooks, self.fresh = folder / "hooks", folder / "fresh"
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.environment = os.environ | {
            "PATH": path,
            "PRE_COMMIT_HOME": str(folder / "home"),
            "PYTHONPATH": str(ROOT),
            **{
                f"GIT_{who}_{what}": "nobody@example.org"
                for who in ("AUTHOR", "COMMITTER")
                for what in ("NAME", "EMAIL")
            },
        }
        for repository in (self.hooks, self.fresh):
            repository.mkdir()
            self.run(repository, "git", "init", "-q")
        shutil.copy(ROOT / ".pre-commit-hooks.yaml", self.hooks)
        self.commit(self.hooks)
        revision = self.run(self.hooks, "git", "rev-parse", "HEAD").stdout.strip()
        uses = {"repo": str(self.hooks), "rev": revision, "hooks": [{"id": hook["id"]} for hook in HOOKS]}
        (self.fresh / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [uses]}))

    def run(self, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=folder, env=self.environment, capture_output=True, text=True, check=False)

    def commit(self, folder: Path) -> subprocess.CompletedProcess[str]:
        self.run(folder, "git", "add", ".")
        return self.run(folder, "git", "commit", "-q", "-m", "one")


def test_pre_commit_itself_stops_a_commit_that_does_not_compile(tmp_path: Path) -> None:
    pytest.importorskip("pre_commit", reason="pre-commit is not installed")
    repositories = Repositories(tmp_path)
    installed = repositories.run(repositories.fresh, sys.executable, "-m", "pre_commit", "install")
    assert installed.returncode == 0, installed.stdout + installed.stderr
    model = repositories.fresh / "model.py"
    model.write_text(BASE + NET.format(base="nn.Module", value="(lambda t: t)(x)"))
    stopped = repositories.commit(repositories.fresh)
    assert stopped.returncode == 1
    assert "scriptkit check --all-modules" in stopped.stderr
    assert "model.py:6:" in stopped.stderr
    model.write_text(BASE + NET.format(base="ScriptableModule", value="x + 1"))
    passed = repositories.commit(repositories.fresh)
    assert passed.returncode == 0, passed.stderr
    assert passed.stderr.count("Passed") == len(HOOKS)
