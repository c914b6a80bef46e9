"""For which torch code is judged, and that each has a table of its own."""

from __future__ import annotations

import pytest

from scriptkit.checking import check_source
from scriptkit.language import operators, versions

# gone in torch 2.14, and there since 2.13
FACTOR = """
import torch
from torch import Tensor, nn

class Factor(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.cholesky(x)
"""
SHAPES = FACTOR.replace("torch.cholesky(x)", "x.new_zeros(torch.broadcast_shapes(x.shape, [1]))")
CUSTOM = """
from typing import Any
import torch
from torch import Tensor, nn

class Doubled(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x * 2

class Model(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return Doubled.apply(x)
"""


def found(text: str, torch: str) -> list[str]:
    with versions.judged_for(torch):
        return [f"{d.severity} {d.name}" for d in check_source(text, all_modules=True)]


@pytest.mark.parametrize(
    ("text", "torch", "expected"),
    [
        (FACTOR, "2.13", []),
        (FACTOR, "2.14", ["error unsupported-torch-function"]),
        (SHAPES, "2.12", ["error unsupported-torch-function"]),
        (SHAPES, "2.13", []),
        (CUSTOM, "2.13", ["warning python-call"]),
        (CUSTOM, "2.14", ["error custom-backward"]),
        (CUSTOM, "2.15.0+cpu", ["error custom-backward"]),
    ],
)
def test_each_torch_is_judged_by_its_own_language(text: str, torch: str, expected: list[str]) -> None:
    assert found(text, torch) == expected


def test_a_block_ends_where_it_ends() -> None:
    before = versions.judged()
    with versions.judged_for("2.8"):
        assert versions.judged() == "2.8"
        with versions.judged_for("2.9.1"):
            assert versions.judged() == "2.9"
        assert versions.judged() == "2.8"
    assert versions.judged() == before


@pytest.mark.parametrize("version", ["2.5", "9.9", "newest", "2", "2.13; rm"])
def test_a_torch_without_a_table_is_refused_by_name(version: str) -> None:
    with (
        pytest.raises(versions.UnknownTorchError, match=r"known are 2\.8, 2\.9, 2\.10, .*2\.15"),
        versions.judged_for(version),
    ):
        pass


def test_a_torch_newer_than_all_tables_has_the_newest_one_and_is_not_known() -> None:
    assert versions.nearest("2.99.1") == versions.known()[-1]
    assert versions.nearest("2.1") == versions.known()[0]
    assert not versions.is_known("2.99.1")
    assert versions.is_known("2.9.0a0+git123")


@pytest.mark.parametrize("version", versions.known())
def test_every_table_is_whole(version: str) -> None:
    table = operators.of_torch(version)
    assert versions.numbers(table.data["torch"]) == versions.numbers(version)
    assert table.data.keys() == operators.of_torch(operators.BASE).data.keys()
    assert all(table.overloads(name) for name in table.data["operators"])


def test_a_table_is_made_again_from_what_differs() -> None:
    base = {"torch": "1", "operators": {"a": ["x"], "b": ["y"]}, "refused": ["p", "q"]}
    other = {"torch": "2", "operators": {"a": ["z"], "c": ["y"]}, "refused": ["q", "r"]}
    made = operators.patched(base, operators.differing(base, other))
    assert {**made, "refused": sorted(made["refused"])} == other
