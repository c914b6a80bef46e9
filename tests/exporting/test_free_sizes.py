"""A size that the code makes a number of stays free where there is a form that takes sizes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

import scriptkit
from scriptkit.live.comparison import compare
from tests.exporting import free_models as models

KINDS: list[tuple[type[nn.Module], tuple[int, ...]]] = [
    (models.Filtering, ()),
    (models.Warping, ()),
    (models.Scaling, ()),
    (models.ScalingInALoop, ()),
    (models.ByTheWholeLength, (2,)),
]


@pytest.mark.parametrize(("kind", "fixed"), KINDS, ids=lambda value: getattr(value, "__name__", ""))
def test_every_size_is_free(kind: type[nn.Module], fixed: tuple[int, ...], tmp_path: Path) -> None:
    net = kind().eval()
    exported = scriptkit.export_program(net, (torch.rand(3, 8, 6),))
    assert tuple(row.index for row in exported.dimensions if row.kind == "fixed") == fixed
    exported.save(tmp_path / "net.pt2")
    loaded = scriptkit.load(tmp_path / "net.pt2")
    with scriptkit.eager(), torch.no_grad():
        for sizes in ((3, 8, 6), (2, 9, 6), (4, 5, 6 if fixed else 10)):
            x = torch.rand(sizes)
            assert compare(net(x), exported(x)) == []
            assert compare(net(x), loaded(x)) == []


def test_both_sides_of_a_branch_within_torch_have_a_program() -> None:
    net = models.PaddedToFours()
    exported = scriptkit.export_program(net, (torch.randint(0, 256, (2, 9)),))
    for length in (9, 12, 7, 16):
        x = torch.randint(0, 256, (2, length))
        assert compare(net(x), exported(x)) == []
