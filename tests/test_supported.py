"""Where nothing can be compiled, one sentence says so and what to install; what reads text works all the same."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from scriptkit.supported import why_unsupported

if TYPE_CHECKING:
    from pathlib import Path

MODEL = """
from scriptkit import ScriptableModule

class Net(ScriptableModule):
    def forward(self, x):
        return (lambda y: y)(x)
"""


@pytest.mark.parametrize(
    ("python", "torch", "words"),
    [
        ((3, 11), None, "torch is not installed: `pip install 'torch>=2.8'`"),
        ((3, 11), "2.7.1+cpu", "scriptkit needs torch 2.8 or newer, and this is 2.7.1+cpu"),
        ((3, 14), "2.15.0", "Python 3.14 has no TorchScript compiler: install Python 3.13 or older"),
        ((3, 13), "2.15.0", ""),
        ((3, 10), "2.8.0", ""),
        ((3, 11), "2.99.0", ""),
    ],
)
def test_one_sentence_says_what_is_wrong_and_what_to_install(
    python: tuple[int, int], torch: str | None, words: str
) -> None:
    told = why_unsupported(python, torch)
    assert told.startswith(words)
    assert bool(told) == bool(words)
    assert not told or "`scriptkit check` and the mypy plugin work" in told


def test_an_unsupported_python_runs_models_as_python_where_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRIPTKIT_DISABLE", "1")
    assert why_unsupported((3, 14), "2.15.0") == ""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A process that has the packages of this one, and an old torch, or none, before them."""
    environment = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_an_old_torch_is_refused_at_the_import_and_text_is_checked(tmp_path: Path) -> None:
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text("raise ImportError('nobody imports it')\n")
    (tmp_path / "torch" / "version.py").write_text("__version__ = '2.5.1'\n")
    (tmp_path / "model.py").write_text(MODEL)
    imported = run(tmp_path, "-c", "import model")
    assert imported.returncode == 1
    assert "UnsupportedError: scriptkit needs torch 2.8 or newer, and this is 2.5.1" in imported.stderr
    checked = run(tmp_path, "-m", "scriptkit", "check", "model.py")
    assert checked.returncode == 1
    assert "SK502" in checked.stdout
