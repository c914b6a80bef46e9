"""What a torch keeps with an exported program is what the others are asked for."""

from __future__ import annotations

import io
import json
import warnings

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit.engines.export import older_torch
from scriptkit.engines.export.older_torch import guards_of_tracer, serialised_alone, without_notice_of_branches
from scriptkit.engines.export.torch_names import add_guards, guards


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
