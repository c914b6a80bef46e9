"""The plugin as somebody else's project uses it: found by pytest itself, in a process of its own."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import pytest

MODEL = """
import torch
from torch import Tensor, nn

from scriptkit import ScriptableModule


class Net(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return {"scores": self.fc(x), "chances": self.fc(x).softmax(1)}


class Lying(Net):
    def forward(self, x: Tensor) -> dict[str, Tensor]:
        scores = self.fc(x)
        return {"scores": scores, "chances": scores.softmax(1) * (2 if torch.jit.is_scripting() else 1)}
"""
TESTS = """
import pytest

torch = pytest.importorskip("torch")

from scriptkit.testing import assert_same_outputs, assert_scriptable

from model import Lying, Net


def test_right():
    assert_scriptable(Net(), (torch.rand(3, 4),), wrong_inputs=[(torch.rand(3, 5),)], plan={"fc": "script"})
    assert_same_outputs(Net(), (torch.rand(3, 4),))


def test_each_form(scriptkit_form):
    assert scriptkit_form(Net().eval())(torch.rand(3, 4))["chances"].sum(1).allclose(torch.ones(3))


def test_lying():
    assert_scriptable(Lying(), (torch.rand(3, 4),))


def test_lying_once():
    assert_same_outputs(Lying(), (torch.rand(3, 4),))
"""
WITHOUT_TORCH = """
import sys

import pytest

sys.modules["torch"] = None  # as if it were not installed


def test_the_plugin_is_here_without_torch(pytestconfig):
    assert pytestconfig.pluginmanager.has_plugin("scriptkit")


def test_the_fixture_skips(scriptkit_form):
    raise AssertionError


def test_the_assertions_skip():
    from scriptkit.testing import assert_scriptable

    assert_scriptable(None, ())


def test_so_does_the_other():
    from scriptkit.testing import assert_same_outputs

    assert_same_outputs(None, ())
"""
LOADED = """
import sys

LOADED = "torch" in sys.modules


def pytest_report_header():
    return f"torch was imported by the plugin: {LOADED}"
"""


def run(folder: Path, *arguments: str) -> str:
    """What pytest prints in this folder, without knowing where scriptkit's own repository is."""
    (folder / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n    ignore:.torch.jit:DeprecationWarning\n")
    others = ("cacheprovider", "xdist", "asyncio", "pytest-lsp")
    without = [part for name in others for part in ("-p", f"no:{name}")]
    command = [sys.executable, "-m", "pytest", *without, "-v", "-rs", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the tests of a small project say."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "model.py").write_text(MODEL)
    (folder / "test_model.py").write_text(TESTS)
    (folder / "conftest.py").write_text(LOADED)
    return run(folder)


def test_pytest_finds_the_plugin_by_its_entry_point() -> None:
    (entry,) = (e for e in importlib.metadata.entry_points(group="pytest11") if e.name == "scriptkit")
    assert entry.value == "scriptkit.testing"


def test_what_is_right_passes_in_each_form(told: str) -> None:
    passed = re.findall(r"::(\S+) PASSED", told)
    forms = ("eager", "compiled", "loaded", "exported")
    assert passed == ["test_right", *(f"test_each_form[{form}]" for form in forms)]


def test_a_failure_names_the_output_that_differs(told: str) -> None:
    assert re.findall(r"::(\S+) FAILED", told) == ["test_lying", "test_lying_once"]
    assert "E       AssertionError: Lying differs in " in told
    assert "E         output['chances']: 6 of 6 elements differ" in told
    assert "E         compiled output['chances']: 6 of 6 elements differ" in told
    assert "output['scores']" not in told


def test_the_traceback_ends_in_the_users_test(told: str) -> None:
    places = re.findall(r"^(\S+\.py):\d+: AssertionError", told, re.MULTILINE)
    assert places == ["test_model.py", "test_model.py"]


def test_starting_pytest_imports_no_torch(told: str) -> None:
    assert "torch was imported by the plugin: False" in told


def test_without_torch_tests_are_skipped(tmp_path: Path) -> None:
    (tmp_path / "test_without.py").write_text(WITHOUT_TORCH)
    told = run(tmp_path)
    assert "1 passed, 6 skipped" in told
    assert "could not import 'torch'" in told
