"""`scriptkit optimize`, `bench` and `inspect`: of a file or a class, as text or JSON; mistakes are told in words."""

from __future__ import annotations

import json
import sys
import types
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner, Result

import scriptkit
from scriptkit.cli import main
from scriptkit.optimizing import contest
from tests.inspecting.models import Layer

LAYER = "tests.inspecting.models:Layer"
FOREIGN = "tests.inspecting.models:Foreign"


@pytest.fixture(autouse=True)
def few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contest, "HEATS", 2)
    monkeypatch.setattr(contest, "FINAL", 2)


@pytest.fixture
def file(tmp_path: Path) -> str:
    scriptkit.save(Layer().eval(), tmp_path / "layer.pt", example_inputs=(torch.rand(2, 4),))
    return str(tmp_path / "layer.pt")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def test_optimize_writes_the_fastest_into_a_file(file: str, tmp_path: Path) -> None:
    threads = torch.get_num_threads()
    try:
        done = run("optimize", file, "-o", str(tmp_path / "faster.pt"), "--format", "json", "--threads", "1")
    finally:
        torch.set_num_threads(threads)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)[0]["name"] == "script"
    optimization = scriptkit.load(tmp_path / "faster.pt").manifest.optimization
    assert optimization is not None
    assert optimization.variant in done.stderr


def test_optimize_compiles_a_foreign_class_first() -> None:
    done = run("optimize", FOREIGN, "--inputs", "2x4")
    assert done.exit_code == 0, done.output
    assert "candidate" in done.output


def test_bench_times_the_forms_of_a_class_and_of_a_file(file: str) -> None:
    done = run("bench", LAYER, "--inputs", "2x4", "--form", "eager", "--form", "compiled", "--rounds", "2")
    assert done.exit_code == 0, done.output
    assert "ratio to eager" in done.output
    done = run("bench", file, "--form", "loaded", "--rounds", "2", "--format", "json")
    assert [row["form"] for row in json.loads(done.output)] == ["loaded"]


def test_inspect_shows_tree_code_graph_and_source(file: str, tmp_path: Path) -> None:
    assert "fc: Linear" in run("inspect", file).output
    assert "rows" in json.loads(run("inspect", LAYER, "--inputs", "2x4", "--format", "json").output)
    assert "torch.tanh(self.fc(x))" in run("inspect", file, "--code", "(root)").output
    assert "self.fc.weight" in run("inspect", file, "--code", "(root)", "--inlined").output
    assert "torch.linear" in run("inspect", file, "--code", "fc").output
    assert "aten::tanh" in run("inspect", file, "--graph", "(root)", "--inlined").output
    assert "folded away" in run("inspect", file, "--beside", "(root)").output
    done = run("inspect", file, "--html", str(tmp_path / "layer.html"))
    assert done.exit_code == 0, done.output
    assert "Layer" in (tmp_path / "layer.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", ["optimize", "bench", "inspect"])
def test_mistakes_are_told_in_words(command: str, file: str, tmp_path: Path) -> None:
    done = run(command, str(tmp_path / "missing.pt"))
    assert (done.exit_code, "there is no file" in done.output) == (2, True)
    done = run(command, file, "--args", "[1]")
    assert (done.exit_code, "a file is made already" in done.output) == (2, True)
    (tmp_path / "no.pt").write_bytes(b"hello")
    done = run(command, str(tmp_path / "no.pt"))
    assert (done.exit_code, "no TorchScript file" in done.output) == (1, True)


def test_a_missing_part_is_told_with_those_there_are(file: str) -> None:
    done = run("inspect", file, "--code", "conv")
    assert done.exit_code == 1
    assert "there is no submodule `conv`: there are `fc`" in done.output


def test_netron_gets_the_file_where_it_is_installed(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Any] = []
    netron = types.SimpleNamespace(start=shown.append, wait=lambda: shown.append("waited"))
    monkeypatch.setitem(sys.modules, "netron", netron)
    assert run("inspect", file, "--netron").exit_code == 0
    assert shown == [file, "waited"]
    monkeypatch.setitem(sys.modules, "netron", None)
    done = run("inspect", file, "--netron")
    assert (done.exit_code, "pip install netron" in done.output) == (1, True)
    assert run("inspect", LAYER, "--netron").exit_code == 2


def test_a_terminal_gets_a_drawn_table(file: str, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    from scriptkit.cli import subjects

    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    subjects.print_told(scriptkit.inspect(file), "text")
    assert "┃" in capsys.readouterr().out
