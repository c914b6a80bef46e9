"""`scriptkit new-cpp` writes the project, or says why not."""

from __future__ import annotations

from pathlib import Path

import torch
from click.testing import CliRunner
from torch import nn

import scriptkit
from scriptkit.cli import main


def test_it_writes_the_project_and_names_its_files(tmp_path: Path) -> None:
    scriptkit.save(torch.jit.script(nn.Linear(2, 2)), tmp_path / "model.pt", example_inputs=(torch.zeros(1, 2),))
    done = CliRunner().invoke(main, ["new-cpp", str(tmp_path / "model.pt"), "-o", str(tmp_path / "project")])
    assert done.exit_code == 0, done.output
    names = {path.name for path in (tmp_path / "project").iterdir()}
    assert names >= {
        "CMakeLists.txt",
        "linear.hpp",
        "main.cpp",
        "model.pt",
        "replay.pt",
        "replay_test.cpp",
        "README.md",
    }
    assert all(name in done.output for name in names)


def test_a_refused_file_gives_its_reason_and_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "model.pt").write_bytes(b"hello")
    done = CliRunner().invoke(main, ["new-cpp", str(tmp_path / "model.pt"), "-o", str(tmp_path / "project")])
    assert done.exit_code == 2
    assert "no TorchScript file" in done.output
