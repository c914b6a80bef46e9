"""Verdicts are remembered between processes, and forgotten when anything changes that they depend on."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from scriptkit.checking import verdicts
from scriptkit.language import versions

if TYPE_CHECKING:
    from pathlib import Path

MODEL = """
import torch
from torch import Tensor
from scriptkit import ScriptableModule

class Factor(ScriptableModule):
    def forward(self, x: Tensor) -> Tensor:
        return torch.cholesky(x)
"""
JUDGE = """
import sys
from scriptkit.language import versions
version = sys.argv[1]
with versions.judged_for(version):
    try:
        import model
    except Exception as error:
        print(type(error).__name__, [d.name for d in error.diagnostics])
    else:
        print("compiles")
"""


def judged(folder: Path, version: str, cache: Path) -> str:
    """What the class statement says for a torch, in a process that shares its cache of verdicts with the others."""
    environment = {**os.environ, "SCRIPTKIT_CACHE": str(cache)}
    command = [sys.executable, "-c", JUDGE, version]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True).stdout


def test_an_upgraded_torch_finds_no_old_verdict(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text(MODEL)
    cache = tmp_path / "cache"
    assert judged(tmp_path, "2.13", cache) == "compiles\n"
    assert judged(tmp_path, "2.14", cache) == "ScriptabilityError ['unsupported-torch-function']\n"
    assert judged(tmp_path, "2.13", cache) == "compiles\n"
    assert len(list(cache.iterdir())) == 2


def test_another_python_judges_for_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdicts, "_folder", lambda: tmp_path)
    verdicts.store(MODEL, {"Factor:1:2": []})
    assert verdicts.load(MODEL) == {"Factor:1:2": []}
    monkeypatch.setattr(sys, "version_info", (3, 99, 0))
    assert verdicts.load(MODEL) is None


@pytest.mark.parametrize("version", versions.known())
def test_each_torch_has_verdicts_of_its_own(version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdicts, "_folder", lambda: tmp_path)
    with versions.judged_for(version):
        verdicts.store(MODEL, {"Factor:1:2": []})
        assert verdicts.load(MODEL) is not None
    other = next(one for one in versions.known() if one != version)
    with versions.judged_for(other):
        assert verdicts.load(MODEL) is None
