"""Results of classes that a process does not have: told in words, and not as the bug of torch that it calls itself."""

from __future__ import annotations

import enum
import io
import subprocess
import sys
import warnings
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from torch import Tensor

import scriptkit
from scriptkit import ScriptableModule
from scriptkit.errors import ScriptkitWarning


class Kind(enum.Enum):
    SMALL = 1
    LARGE = 2


class Pair(NamedTuple):
    value: Tensor
    number: int


class Judges(ScriptableModule):
    def forward(self, x: Tensor) -> tuple[Tensor, Kind]:
        return x, Kind.LARGE if x.size(0) > 2 else Kind.SMALL


class Plain(ScriptableModule):
    def forward(self, x: Tensor) -> Pair:
        return Pair(x, x.size(0))


READS = "import sys, torch, scriptkit; scriptkit.load(sys.argv[1])(torch.ones(2))"


def test_a_member_of_an_enum_is_named_where_it_is_unknown(tmp_path: Path) -> None:
    with pytest.warns(ScriptkitWarning, match="only in this process: `Kind` is a class of yours"):
        scriptkit.save(Judges(), tmp_path / "net.pt")
    assert scriptkit.load(tmp_path / "net.pt")(torch.ones(2))[1] is Kind.SMALL
    command = [sys.executable, "-c", READS, str(tmp_path / "net.pt")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "`forward` returned a `Kind`, a class that this process does not have; import the file" in done.stderr


def test_a_named_tuple_needs_no_word() -> None:
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("error", ScriptkitWarning)
        scriptkit.save(Plain(), file)
    assert scriptkit.load(io.BytesIO(file.getvalue()))(torch.ones(2)).number == 2
