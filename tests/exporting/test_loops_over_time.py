"""Loops over time stay free in their length where they write into windows, or walk back through what they kept."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
from torch import nn

import scriptkit
from scriptkit.live.comparison import compare
from tests.exporting import walking_models as models

KINDS: list[tuple[type[nn.Module], tuple[int, ...]]] = [
    (models.OverlapAdding, ()),
    (models.Placing, ()),
    (models.Sliding, ()),
    (models.Decoding, (1,)),
    (models.DecodingInATable, (1,)),
]


@pytest.mark.parametrize(("kind", "fixed"), KINDS, ids=lambda value: getattr(value, "__name__", ""))
def test_the_length_is_free(kind: type[nn.Module], fixed: tuple[int, ...], tmp_path: Path) -> None:
    net = kind().eval()
    exported = scriptkit.export_program(net, (torch.rand(6, 4),))
    first = [row for row in exported.dimensions if row.method == "forward"][:2]
    assert tuple(row.index for row in first if row.kind == "fixed") == fixed
    exported.save(tmp_path / "net.pt2")
    loaded = scriptkit.load(tmp_path / "net.pt2")
    plain = copy.deepcopy(net)
    with scriptkit.eager():
        for sizes in ((6, 4), (9, 4), (3, 4), (7, 4 if fixed else 5)):
            x = torch.randn(sizes)
            assert compare(plain(x), exported(x)) == []
            assert compare(plain(x), loaded(x)) == []


def test_a_program_that_torch_cannot_differentiate_is_called_while_gradients_are_recorded() -> None:
    net = models.Decoding()
    exported = scriptkit.export_program(net, (torch.rand(6, 4),))
    x = torch.rand(5, 4, requires_grad=True)
    assert torch.is_grad_enabled()
    with scriptkit.eager():
        assert compare(net(x), exported(x)) == []
