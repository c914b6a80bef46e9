"""`bench` times every form a module has in turn, and says which it has not, and why."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule
from scriptkit.benching import forms, memory
from scriptkit.benching.report import BenchReport, BenchRow
from scriptkit.optimizing import contest


@pytest.fixture(autouse=True)
def few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contest, "HEATS", 2)
    monkeypatch.setattr(contest, "FINAL", 2)


class Child(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x)


class Net(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.child = Child()
        self.calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return self.child(x).relu()


def test_each_form_has_a_row_with_its_ratio_to_eager() -> None:
    net, x = Net(), torch.rand(2, 4)
    report = scriptkit.bench(net, (x,), rounds=2)
    assert [row.form for row in report] == list(forms.USUAL)
    assert report.baseline == "eager"
    assert report["eager"].ratio == 1.0
    for row in report:
        assert row.ratio is not None
        assert row.call is not None
        assert row.first is not None
    assert net.calls == 0
    assert "ratio to eager" in str(report)
    assert json.loads(report.as_json())[0]["form"] == "eager"
    assert "<table>" in report._repr_html_()
    with pytest.raises(KeyError):
        _ = report["exported"]


def test_python_is_timed_without_a_call_of_scriptkit_between() -> None:
    net = Net()
    python = forms.as_python(net)
    assert type(python).__call__ is nn.Module.__call__
    assert type(python.child).__call__ is nn.Module.__call__
    assert isinstance(python, Net)
    torch.testing.assert_close(python(torch.ones(1, 4)), net(torch.ones(1, 4)))
    assert type(net) is Net


@pytest.mark.slow
def test_foreign_modules_are_compiled_and_exported_where_asked_for() -> None:
    net, x = nn.Sequential(nn.Linear(4, 4)), torch.rand(2, 4)
    report = scriptkit.bench(net, (x,), forms=["pinned", "compiled", "eager", "exported", "optimized"], rounds=2)
    assert [row.form for row in report] == ["eager", "compiled", "pinned", "optimized", "exported"]
    assert report["pinned"].reason == "only a ScriptableModule can be pinned"
    assert report["optimized"].reason
    assert report["exported"].ratio is not None


def test_what_came_from_a_file_is_compared_with_itself(tmp_path: Path) -> None:
    x = torch.rand(2, 4)
    scriptkit.save(Net().eval(), tmp_path / "net.pt", example_inputs=(x,))
    report = scriptkit.bench(scriptkit.load(tmp_path / "net.pt"), rounds=2, forms=["eager", "loaded", "exported"])
    assert report.baseline == "loaded"
    assert report["eager"].reason == "there is no Python of it"
    assert report["exported"].reason == "there is no Python of it to export"


@pytest.mark.slow
def test_an_exported_module_and_a_plain_program_have_the_forms_they_have() -> None:
    x = torch.rand(2, 4)
    exported = scriptkit.export_program(nn.Linear(4, 4).eval(), (x,))
    report = scriptkit.bench(exported, (x,), forms=["compiled", "loaded", "exported"], rounds=2)
    assert [row.ratio is not None for row in report] == [False, True, True]
    program = scriptkit.to_torchscript(scriptkit.compile(nn.Linear(4, 4), (x,)))
    assert scriptkit.bench(program, (x,), forms=["compiled", "loaded"], rounds=2).baseline == "compiled"


def test_every_number_of_threads_is_measured_and_torchs_own_comes_back() -> None:
    before = torch.get_num_threads()
    report = scriptkit.bench(Child(), (torch.rand(2, 4),), forms=["eager"], threads=[1, 2], rounds=2)
    assert [row.threads for row in report] == [1, 2]
    assert torch.get_num_threads() == before


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"forms": ["quick"]}, "quick"),
        ({"forms": "eager"}, "eager"),
        ({"threads": 0}, "from 1 on"),
        ({"threads": [True]}, "from 1 on"),
        ({"rounds": 1}, "two rounds"),
    ],
)
def test_wrong_wishes_are_refused_in_words(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        scriptkit.bench(Child(), (torch.rand(2, 4),), **wrong)  # type: ignore[arg-type]


def test_a_form_that_cannot_be_made_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> object:
        raise scriptkit.ArtifactError("the disk is full\nreally")

    monkeypatch.setitem(forms.FORMS, "loaded", refuse)
    report = scriptkit.bench(Child(), (torch.rand(2, 4),), forms=["loaded"], rounds=2)
    assert report["loaded"].reason == "the disk is full"
    assert report.baseline == ""


def test_memory_is_told_where_the_system_tells_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    growth = memory.Growth()
    held = torch.ones(16_000_000)  # malloc never serves 64 MB from what it kept of earlier tests
    most = growth.most()
    assert most is None or most > held.nbytes // 2
    monkeypatch.setattr(memory, "_FORGET", tmp_path / "missing" / "file")
    assert memory.Growth().most() is None


def test_times_and_bytes_are_written_to_be_read() -> None:
    row = BenchRow("eager", 1, 1.0, 1.0, 1.0, first=2.5, call=0.0000123, memory=2_500_000)
    text = str(BenchReport((row, BenchRow("compiled", 1, 1.0, 1.0, 1.0, first=None, call=0.004, memory=None))))
    assert all(word in text for word in ("2.5 s", "12.3 µs", "2.5 MB", "4 ms"))
