"""What runs without gradients in a module does so in its program and its file."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
from torch import nn

import scriptkit
from scriptkit.language.versions import in_range
from scriptkit.live.comparison import compare
from tests.exporting import region_models as models

KINDS = [models.Quantising, models.Tracking, models.Scaling, models.Counting]


@pytest.mark.parametrize("is_training", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_a_region_without_gradients_is_in_the_file(kind: type[nn.Module], is_training: bool, tmp_path: Path) -> None:
    if kind is models.Counting and in_range(str(torch.__version__), "", "2.9"):
        pytest.skip("torch 2.8 writes no region that is given sizes")
    net = kind().train(is_training)
    exported = scriptkit.export_program(net, (torch.randn(5, 4),))
    assert "is for inference only" not in str(exported.report)
    exported.save(tmp_path / "net.pt2")
    loaded = scriptkit.load(tmp_path / "net.pt2")
    plain = copy.deepcopy(net)
    with scriptkit.eager():
        for size in (5, 3, 8):
            x = torch.randn(size, 4)
            expected = plain(x)
            assert compare(expected, exported(x)) == []
            assert compare(expected, loaded(x)) == []
    assert compare(dict(plain.named_buffers()), dict(exported.named_buffers())) == []


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_are_those_of_the_module(kind: type[nn.Module]) -> None:
    net = kind().train()
    exported = scriptkit.export_program(net, (torch.randn(5, 4),))
    x = torch.randn(6, 4)
    found = []
    with scriptkit.eager():
        for form in (net, exported):
            given = x.clone().requires_grad_()
            result = form(given)
            (result[0] if isinstance(result, tuple) else result).square().sum().backward()
            found.append({"x": given.grad, **{name: one.grad for name, one in form.named_parameters()}})
    assert compare(found[0], found[1]) == []
