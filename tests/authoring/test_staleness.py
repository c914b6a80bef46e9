"""Compiled code never goes stale: what replaces a method in Python replaces it compiled."""

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule
from tests.scenarios.comparing import assert_same
from tests.scenarios.models import Outer
from tests.scenarios.test_running import batch
from tests.scenarios.watching import run_compiled


class Model(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def helper(self, x: Tensor) -> Tensor:
        return x + 1

    def forward(self, x: Tensor) -> Tensor:
        return self.helper(x)


class Holder(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.inner = Model()

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.inner(x)
        return out


def other_forward(self: Model, x: Tensor) -> Tensor:
    return self.helper(x) * 10


def other_helper(self: Model, x: Tensor) -> Tensor:
    return x + 2


@pytest.mark.parametrize("cls", [Model, Holder])
def test_a_patched_forward(cls: type[nn.Module]) -> None:
    net = cls()
    assert_same(run_compiled(net, batch()), batch() + 1)
    with mock.patch.object(Model, "forward", other_forward):
        assert_same(run_compiled(net, batch()), (batch() + 1) * 10)
        assert_same(run_compiled(cls(), batch()), (batch() + 1) * 10)
    assert_same(run_compiled(net, batch()), batch() + 1)
    assert_same(run_compiled(cls(), batch()), batch() + 1)


@pytest.mark.parametrize("cls", [Model, Holder])
def test_a_patched_helper(cls: type[nn.Module]) -> None:
    net = cls()
    run_compiled(net, batch())
    with mock.patch.object(Model, "helper", other_helper):
        assert_same(run_compiled(net, batch()), batch() + 2)
    assert_same(run_compiled(net, batch()), batch() + 1)


def test_a_forward_patched_by_a_mock_that_no_compiler_can_read() -> None:
    """It is Python, so it runs as Python: a test that replaces `forward` works."""
    net = Model()
    run_compiled(net, batch())
    with mock.patch.object(Model, "forward", return_value=torch.zeros(1)) as forward:
        with pytest.warns(scriptkit.ScriptkitEagerWarning, match="forward"):
            assert_same(net(batch()), torch.zeros(1))
        forward.assert_called_once()
    assert_same(run_compiled(net, batch()), batch() + 1)


def test_replaced_code_as_autoreload_does_it() -> None:
    net, before = Model(), Model.helper.__code__
    run_compiled(net, batch())
    try:
        Model.helper.__code__ = other_helper.__code__
        assert_same(run_compiled(net, batch()), batch() + 2)
    finally:
        Model.helper.__code__ = before
    assert_same(run_compiled(net, batch()), batch() + 1)


FILE = """
from torch import Tensor
from scriptkit import ScriptableModule, script

THRESHOLD = {threshold}

def shifted(x: Tensor) -> Tensor:
    return x + {shift}

class Model(ScriptableModule):
    def forward(self, x: Tensor) -> Tensor:
        return shifted(x) * THRESHOLD
"""


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "written_module.py").write_text(FILE.format(threshold=0.5, shift=1.0))
    monkeypatch.delitem(sys.modules, "written_module", raising=False)
    importlib.invalidate_caches()
    return importlib.import_module("written_module")


def test_a_changed_global_of_the_file(written: ModuleType) -> None:
    net = written.Model()
    assert_same(run_compiled(net, batch()), (batch() + 1) * 0.5)
    vars(written)["THRESHOLD"] = 0.7
    assert_same(run_compiled(net, batch()), (batch() + 1) * 0.7)
    vars(written)["THRESHOLD"] = 0.5
    assert_same(run_compiled(net, batch()), (batch() + 1) * 0.5)


def test_a_patched_function_of_the_file(written: ModuleType) -> None:
    net = written.Model()
    run_compiled(net, batch())
    with mock.patch.object(written, "shifted", doubled):
        assert_same(run_compiled(net, batch()), batch() * 2 * 0.5)
    assert_same(run_compiled(net, batch()), (batch() + 1) * 0.5)


def doubled(x: Tensor) -> Tensor:
    return x * 2


def test_a_function_of_the_file_whose_code_is_replaced(written: ModuleType) -> None:
    net = written.Model()
    run_compiled(net, batch())
    written.shifted.__code__ = doubled.__code__
    assert_same(run_compiled(net, batch()), batch() * 2 * 0.5)


def test_a_reloaded_file(written: ModuleType) -> None:
    old = written.Model()
    run_compiled(old, batch())
    assert written.__file__ is not None
    Path(written.__file__).write_text(FILE.format(threshold=3.0, shift=2.0))
    importlib.reload(written)
    assert_same(run_compiled(written.Model(), batch()), (batch() + 2) * 3.0)


def test_an_attribute_that_changes_its_type() -> None:
    net: Any = Outer()
    run_compiled(net, batch())
    net.blocks[0].scale = 2
    assert_same(run_compiled(net, batch()), net.eager(batch()))
    net.blocks[0].scale = 2.5
    assert_same(run_compiled(net, batch()), net.eager(batch()))
