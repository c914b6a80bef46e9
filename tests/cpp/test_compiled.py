"""`scriptkit aoti`: machine code that refuses what the portable program refuses, and takes a batch of one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import scriptkit
from scriptkit.cpp.recording import Call, write_recording
from tests.cpp.running import build, needs_compiler, run

pytest.importorskip("scriptkit.engines.export.programs")

from click.testing import CliRunner

from scriptkit.cli import main

pytestmark = [pytest.mark.slow, needs_compiler]


class Mlp(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(4, 8)
        self.second = nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        made: torch.Tensor = self.second(self.first(x).relu())
        return made * 2 if x.shape[0] <= 8 else made


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with machine code, and calls of all sizes."""
    folder = tmp_path_factory.mktemp("compiled")
    exported: Any = scriptkit.export_program(Mlp().eval(), (torch.randn(3, 4),))
    exported.save(folder / "mlp.pt2")
    done = CliRunner().invoke(main, ["aoti", str(folder / "mlp.pt2"), "-o", str(folder / "mlp.aoti.pt2")])
    assert done.exit_code == 0, done.output
    assert "compiled; largest difference" in done.output
    calls = [Call("forward", (x,), {}, exported(x).detach()) for x in (torch.randn(n, 4) for n in (1, 2, 3, 8))]
    outside = (torch.randn(9, 4), torch.randn(3, 5), torch.randn(3, 4).double(), torch.randn(4))
    calls += [Call("forward", (x,), is_refused=True) for x in outside]
    write_recording(folder / "calls", calls)
    return folder


@pytest.mark.parametrize("otherwise", ["refuse", "portable"])
def test_it_gives_the_same_and_refuses_the_same(otherwise: str, files: Path, driver: Path) -> None:
    build(driver.parent, "compiled_driver")
    done = run(driver.parent / "compiled_driver", files / "mlp.aoti.pt2", files / "calls", otherwise)
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["equal"] * 4 + ["refused"] * 4


def test_without_machine_code_it_says_so(files: Path, driver: Path) -> None:
    build(driver.parent, "compiled_driver")
    program = driver.parent / "compiled_driver"
    refused = run(program, files / "mlp.pt2", files / "calls", "refuse")
    assert refused.returncode == 2
    assert "has no machine code that runs here" in refused.stdout
    portable = run(program, files / "mlp.pt2", files / "calls", "portable").stdout.splitlines()
    assert portable[0] == "portable model"
    assert portable[1] == "equal"


def test_it_is_still_an_ordinary_file(files: Path) -> None:
    loaded = scriptkit.load(files / "mlp.aoti.pt2")
    assert loaded(torch.randn(1, 4)).shape == (1, 3)
