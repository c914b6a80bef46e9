"""The C++ of a project round a `.pt2` file: structs for results with names, values where a method takes anything."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from click.testing import CliRunner
from torch import Tensor, nn

import scriptkit
from scriptkit.cli import main


class Pair(NamedTuple):
    mean: Tensor
    spread: Tensor


class Named(nn.Module):
    def forward(self, x: Tensor, scale: float = 2.0) -> Pair:
        return Pair(x.mean(1) * scale, x.std(1))


class Open(nn.Module):
    def forward(self, *tensors: Tensor) -> Tensor:
        return tensors[0] + tensors[1]


class Several(nn.Module):
    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        return x, [x + 1, x * 2]


def header(module: nn.Module, inputs: tuple[Tensor, ...], folder: Path) -> str:
    scriptkit.export_program(module.eval(), inputs).save(folder / "net.pt2")
    done = CliRunner().invoke(main, ["new-cpp", str(folder / "net.pt2"), "-o", str(folder / "cpp")])
    assert done.exit_code == 0, done.output
    return "\n".join(
        file.read_text() for file in sorted((folder / "cpp").glob("**/*.hpp")) if "scriptkit" not in file.parts
    )


def test_a_named_tuple_becomes_a_struct(tmp_path: Path) -> None:
    text = header(Named(), (torch.rand(3, 4),), tmp_path)
    assert "struct Pair" in text
    assert "at::Tensor mean;" in text


def test_any_arguments_are_values(tmp_path: Path) -> None:
    text = header(Open(), (torch.rand(2), torch.rand(2)), tmp_path)
    assert "const std::vector<scriptkit::Value>& arguments" in text


def test_a_list_in_a_tuple_keeps_its_shape(tmp_path: Path) -> None:
    text = header(Several(), (torch.rand(2, 2),), tmp_path)
    assert "std::tuple<at::Tensor, std::vector<at::Tensor>>" in text or "std::tuple<at::Tensor" in text


@pytest.mark.parametrize("content", [b"", b"no archive"])
def test_what_is_no_file_of_programs_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "net.pt2").write_bytes(content)
    done = CliRunner().invoke(main, ["new-cpp", str(tmp_path / "net.pt2"), "-o", str(tmp_path / "cpp")])
    assert done.exit_code == 2
    assert not (tmp_path / "cpp").exists()
