"""What a torch keeps with an exported program is what the others are asked for."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit.engines.export import older_torch
from scriptkit.engines.export.older_torch import guards_of_tracer, serialised_alone, without_notice_of_branches
from scriptkit.engines.export.torch_names import add_guards, guards
from tests.packaging.environment import ROOT


class Bounded(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 2)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        if x.shape[0] < 9 and y.shape[0] > 2:
            return self.fc(x) * y.sum()
        return self.fc(x)


class Scaled(nn.Module):
    def forward(self, x: Tensor, n: int) -> Tensor:
        return x * n


@pytest.fixture(scope="module")
def program() -> torch.export.ExportedProgram:
    sizes = {0: torch.export.Dim.AUTO}
    shapes = {"x": sizes, "y": sizes}
    return torch.export.export(Bounded(), (torch.ones(3, 4), torch.ones(5)), dynamic_shapes=shapes, strict=False)


def test_what_the_tracer_assumed_is_told_where_programs_keep_it_too(program: torch.export.ExportedProgram) -> None:
    told = guards_of_tracer(program)
    assert told == ["L['x'].size()[0] < 9", "L['y'].size()[0] > 2"]
    assert set(told) <= set(guards(program))


def test_guards_that_are_added_are_kept_beside_the_others(program: torch.export.ExportedProgram) -> None:
    before = guards(program)
    add_guards(program, ["L['x'].size()[0] != 1", *before])
    assert guards(program) == [*before, "L['x'].size()[0] != 1"]


def test_a_program_is_written_without_its_tensors(program: torch.export.ExportedProgram) -> None:
    document = json.loads(serialised_alone(program))
    assert "fc.weight" in json.dumps(document["graph_module"]["signature"])
    assert len(serialised_alone(program)) < 40_000


def test_only_the_notice_of_branches_is_kept_from_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "warnings", warnings, raising=False)  # torch 2.8 has none, and no notice
    before = torch.warnings  # type: ignore[attr-defined]
    with warnings.catch_warnings(record=True) as told, without_notice_of_branches():
        warnings.simplefilter("always")
        torch.warnings.warn("You are calling torch.compile inside torch.export region. To capture ...")  # type: ignore[attr-defined]
        torch.warnings.warn("something else", UserWarning)  # type: ignore[attr-defined]
        assert torch.warnings.filters is warnings.filters  # type: ignore[attr-defined]
    assert [(str(one.message), one.filename) for one in told] == [("something else", __file__)]
    assert torch.warnings is before  # type: ignore[attr-defined]


LOOP = """
import torch, scriptkit
from torch import nn

class Steps(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.GRUCell(4, 4)

    def forward(self, x):
        state = torch.zeros_like(x[0])
        states = []
        for t in range(x.size(0)):
            state = self.cell(x[t], state)
            states.append(state)
        return torch.stack(states)

if __name__ == "__main__":
    exported = scriptkit.export_program(Steps(), (torch.rand(5, 3, 4),))
    exported(torch.rand(5, 3, 4)).sum().backward()
    exported.save("steps.pt2")
    print(exported.report)
"""
LOADING = """
import torch, scriptkit

scriptkit.load("steps.pt2")(torch.rand(5, 3, 4)).sum().backward()
"""


def said(folder: Path, code: str, *options: str) -> str:
    command = [sys.executable, *options, "-c", code]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_nothing_is_printed_of_a_loop_that_is_differentiated_and_no_warning_changes_it(tmp_path: Path) -> None:
    """Torch 2.10 to 2.12 print its program; each loads code of its own that calls `torch.jit`, in the first call."""
    (tmp_path / "steps.py").write_text(LOOP)
    run = "import runpy; runpy.run_path('steps.py', run_name='__main__')"
    assert said(tmp_path, run, "-W", "error") == said(tmp_path, run)
    assert said(tmp_path, LOADING, "-W", "error") == ""


def test_a_torch_that_says_nothing_of_branches_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch, "warnings", raising=False)
    with without_notice_of_branches():
        assert not hasattr(torch, "warnings")


def test_nothing_needs_the_example_numbers_that_an_older_torch_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    exported = scriptkit.export_program(Scaled(), (torch.ones(2), -7))
    file = io.BytesIO()
    exported.save(file)
    monkeypatch.setattr(older_torch, "_FIRST_WITH_SMALL_EXAMPLES", "999.0")
    loaded = scriptkit.load(io.BytesIO(file.getvalue()))
    assert [loaded(torch.ones(2), n).tolist() for n in (-8, 0, 9)] == [[-8.0, -8.0], [0.0, 0.0], [9.0, 9.0]]
