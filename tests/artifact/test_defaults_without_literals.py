"""Defaults that no literal tells: tensors, members of enums, and tuples of them."""

from __future__ import annotations

import enum
import io
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor

import scriptkit
from scriptkit import ScriptableModule, export
from scriptkit.cpp.project import new_cpp_project


class Kind(enum.Enum):
    ADD = 1
    DROP = 2


ONES = torch.ones(2)


class Net(ScriptableModule):
    def forward(
        self, x: Tensor, kind: Kind = Kind.ADD, other: Tensor = ONES, pair: tuple[Kind, int] = (Kind.ADD, 2)
    ) -> Tensor:
        y = x + other if kind == Kind.ADD else x
        return y * pair[1] if pair[0] == Kind.ADD else y

    @export
    def again(self, x: Tensor, kind: Kind = Kind.DROP) -> Tensor:
        return self.forward(x, kind)


X = torch.rand(2)
OTHER_PROCESS = """
import sys, torch, scriptkit
net = scriptkit.load(sys.argv[1])
x = torch.ones(2)
assert torch.equal(net(x), (x + 1) * 2), net(x)
assert torch.equal(net.again(x), x * 2), net.again(x)
print(net.__signature__.parameters["kind"].default)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "net.pt"
    scriptkit.save(Net(), path, example_inputs=(X,))
    return path


def test_a_file_keeps_them(file: Path) -> None:
    loaded = scriptkit.load(file)
    assert torch.equal(loaded(X), (X + 1) * 2)
    assert [p.default for p in loaded.manifest.methods[0].parameters] == [None, "...", "...", "..."]


def test_a_process_without_the_enum_calls_with_them(file: Path) -> None:
    done = subprocess.run([sys.executable, "-c", OTHER_PROCESS, str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "Ellipsis"


def test_a_project_in_cpp_asks_for_them(file: Path, tmp_path: Path) -> None:
    new_cpp_project(file, tmp_path / "project")
    header = (tmp_path / "project" / "net.hpp").read_text()
    assert "other" in header
    assert "other =" not in header


def test_a_default_that_is_computed_is_still_refused() -> None:
    from scriptkit.artifact.code_tokens import Token
    from scriptkit.artifact.code_units import _without_constants, is_literal

    call = [Token("name", "__torch__"), Token("sign", "."), Token("name", "f"), Token("sign", "("), Token("sign", ")")]
    assert not is_literal(_without_constants(call))


def test_saving_without_examples_is_the_same() -> None:
    file = io.BytesIO()
    scriptkit.save(Net(), file)
    assert torch.equal(scriptkit.load(io.BytesIO(file.getvalue()))(X), (X + 1) * 2)
