"""Copies and pickles: independent of each other, no trace of the runtime in them."""

import copy
import io
import pickle
import pickletools
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

import scriptkit
from scriptkit.authoring.marks import Mark
from scriptkit.live.marks import mark_of
from tests.scenarios.comparing import assert_same, assert_same_state, twins
from tests.scenarios.matrix import row
from tests.scenarios.models import Child, Counter, Net, Outer, Shared
from tests.scenarios.test_running import batch
from tests.scenarios.watching import run_compiled


@row("deepcopy_independent")
@pytest.mark.parametrize("cls", [Outer, Counter, Shared])
def test_a_deep_copy_is_independent(cls: type[nn.Module]) -> None:
    net, plain = twins(cls)
    run_compiled(net, batch())
    plain(batch())
    twin, plain_twin = copy.deepcopy(net), copy.deepcopy(plain)
    assert type(twin) is cls
    with torch.no_grad():
        for model in (twin, plain_twin):
            for tensor in (*model.parameters(), *model.buffers()):
                tensor.add_(1)
    for _ in range(2):
        assert_same(run_compiled(twin, batch()), plain_twin(batch()))
        assert_same(run_compiled(net, batch()), plain(batch()))
        assert_same_state(net, plain)
        assert_same_state(twin, plain_twin)


@row("copy_copy")
def test_a_shallow_copy_shares_tensors_but_not_its_call() -> None:
    net, plain = twins(Child)
    run_compiled(net, batch())
    for source, build in ((net, copy.copy(net)), (plain, copy.copy(plain))):
        build.scale = 7.0
        assert source.scale == 1.5
        assert build.fc is source.fc
    twin, plain_twin = copy.copy(net), copy.copy(plain)
    twin.scale = plain_twin.scale = -2.0
    for _ in range(2):
        assert_same(run_compiled(twin, batch()), plain_twin(batch()))
        assert_same(run_compiled(net, batch()), plain(batch()))


@row("pickle_roundtrip")
@pytest.mark.parametrize("cls", [Net, Outer, Counter, Shared])
def test_pickle_roundtrip(cls: type[nn.Module]) -> None:
    net, plain = twins(cls)
    torch.manual_seed(0)
    run_compiled(net, batch())
    torch.manual_seed(0)
    plain(batch())
    again = pickle.loads(pickle.dumps(net))
    assert type(again) is cls
    torch.manual_seed(5)
    out = run_compiled(again, batch())
    torch.manual_seed(5)
    assert_same(out, plain(batch()))
    assert_same_state(again, plain)


@row("torch_save_load_whole")
def test_torch_save_of_the_whole_module() -> None:
    net, plain = twins(Outer)
    run_compiled(net, batch())
    file = io.BytesIO()
    torch.save(net, file)
    file.seek(0)
    again = torch.load(file, weights_only=False)
    assert_same(run_compiled(again, batch()), plain(batch()))


def test_a_pickle_names_nothing_of_scriptkit() -> None:
    """So it loads with any other version of scriptkit."""
    net, _ = twins(Outer)
    run_compiled(net, batch())
    strings = [arg for _, arg, _ in pickletools.genops(pickle.dumps(net)) if isinstance(arg, str)]
    assert strings
    assert not [s for s in strings if "scriptkit" in s or s.startswith("__")]


VERSIONED = """
import torch
from torch import Tensor, nn
from scriptkit import ScriptableModule

class Model(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) {change}
"""


def test_a_pickle_loaded_after_the_package_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    net = _import_version(tmp_path, "+ 1.0", monkeypatch).Model()
    first = run_compiled(net, batch())
    data = pickle.dumps(net)
    _import_version(tmp_path, "* 2.0", monkeypatch)
    again = pickle.loads(data)
    assert_same(run_compiled(again, batch()), (first - 1.0) * 2.0)
    assert_same(run_compiled(net, batch()), first)


def _import_version(folder: Path, change: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    import importlib

    sys.dont_write_bytecode = True
    (folder / "versioned_package.py").write_text(VERSIONED.format(change=change))
    monkeypatch.delitem(sys.modules, "versioned_package", raising=False)
    importlib.invalidate_caches()
    return importlib.import_module("versioned_package")


@row("swa_averaged_model")
def test_averaged_model() -> None:
    net, plain = twins(Outer)
    run_compiled(net, batch())
    averages = AveragedModel(net), AveragedModel(plain)
    for model, average in zip((net, plain), averages, strict=True):
        for _ in range(2):
            with torch.no_grad():
                model.head.bias.add_(1.0)
            average.update_parameters(model)
    assert_same(run_compiled(averages[0].module, batch()), averages[1](batch()))
    assert_same(averages[0](batch()), averages[1](batch()))


def test_a_pickle_names_nothing_that_may_be_renamed() -> None:
    """Of scriptkit a pickle names public things only, so that a later version reads it."""
    part = scriptkit.traced(nn.Linear(2, 2), example_inputs=(torch.zeros(1, 2),))
    compiled = scriptkit.compile(nn.Linear(2, 2))
    for module in (part, compiled):
        named = {str(a) for op, a, _ in pickletools.genops(pickle.dumps(module)) if op.name in _TEXTS and a is not None}
        assert {name for name in named if name.startswith("scriptkit")} <= {"scriptkit"}
    again = pickle.loads(pickle.dumps(part))
    mark = mark_of(again)
    assert mark is not None
    assert mark.mode == "trace"
    assert torch.equal(pickle.loads(pickle.dumps(compiled))(torch.ones(1, 2)), compiled(torch.ones(1, 2)))


def test_a_mark_in_a_pickle_of_version_0_1_0_is_read() -> None:
    part = nn.Linear(2, 2)
    part.__dict__["__scriptkit_mark__"] = Mark("trace")
    assert mark_of(part) == Mark("trace")


_TEXTS = {"SHORT_BINUNICODE", "BINUNICODE", "GLOBAL"}
