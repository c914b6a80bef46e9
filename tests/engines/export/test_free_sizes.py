"""Functions that take numbers give for a size what torch gives for the number, and the size stays free."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scriptkit.engines.export import torch_names
from scriptkit.engines.export.free_sizes import FREED, Freeing, freed
from scriptkit.live.comparison import compare

THETA = torch.tensor([[[1.0, 0.1, 0.0], [-0.1, 1.0, 0.2]]])
THETA_3D = torch.tensor([[[1.0, 0.1, 0.0, 0.0], [-0.1, 1.0, 0.2, 0.0], [0.0, 0.0, 1.0, 0.1]]])
CASES: dict[str, Callable[[Tensor], Any]] = {
    "fftfreq": lambda x: torch.fft.fftfreq(x.size(1), 0.1),
    "rfftfreq": lambda x: torch.fft.rfftfreq(x.size(1), d=0.5, dtype=torch.float64),
    "linspace": lambda x: torch.linspace(-1, 2.5, x.size(1)),
    "linspace in double": lambda x: torch.linspace(0, 1, steps=x.size(1), dtype=torch.float64),
    "logspace": lambda x: torch.logspace(0, 1, x.size(1), base=2.0),
    "hann": lambda x: torch.hann_window(x.size(1)),
    "hann, not periodic": lambda x: torch.hann_window(x.size(1), periodic=False),
    "hamming": lambda x: torch.hamming_window(x.size(1), dtype=torch.float64),
    "blackman": lambda x: torch.blackman_window(x.size(1)),
    "bartlett": lambda x: torch.bartlett_window(x.size(1)),
    "affine_grid": lambda x: F.affine_grid(THETA, [1, 3, x.size(0), x.size(1)], align_corners=False),
    "affine_grid, corners": lambda x: F.affine_grid(THETA, [1, 3, x.size(0), x.size(1)], align_corners=True),
    "affine_grid in space": lambda x: F.affine_grid(THETA_3D, [1, 3, x.size(0), 4, x.size(1)], align_corners=False),
    "one_hot": lambda x: F.one_hot(torch.arange(2), x.size(1)),
    "as_tensor": lambda x: torch.as_tensor([x.size(0), 2 * x.size(1)]),
    "as_tensor of fractions": lambda x: torch.as_tensor([[x.size(0) / 2, 1.0]]),
    "new_tensor": lambda x: x.new_tensor([x.size(1), 3]),
    "max_pool1d": lambda x: F.max_pool1d(x, x.size(1)),
    "max_pool2d": lambda x: F.max_pool2d(x.unsqueeze(0), (x.size(0), 1)),
    "avg_pool1d": lambda x: F.avg_pool1d(x, x.size(1)),
    "avg_pool2d": lambda x: F.avg_pool2d(x.unsqueeze(0), [x.size(0), x.size(1)]),
    "avg_pool3d": lambda x: F.avg_pool3d(x.view(1, 1, *x.shape), (1, x.size(0), x.size(1))),
}
KEPT: dict[str, Callable[[Tensor], Any]] = {
    "linspace of whole numbers": lambda x: torch.linspace(0, 10, x.size(1), dtype=torch.int64),
    "logspace of whole numbers": lambda x: torch.logspace(0, 3, x.size(1), dtype=torch.int64),
    "hamming with weights": lambda x: torch.hamming_window(x.size(1), True, 0.6),
    "pooling by half": lambda x: F.max_pool1d(x, x.size(1) // 2),
    "pooling with a margin": lambda x: F.max_pool1d(x, x.size(1), padding=1),
    "pooling by two": lambda x: F.avg_pool2d(x.unsqueeze(0), (x.size(0), 2)),
    "affine_grid of one dimension": lambda x: F.affine_grid(THETA.double(), [1, 1, 2, x.size(1)], align_corners=False),
}


class Calling(nn.Module):
    def __init__(self, function: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Any:
        return self.function(x)


def _exported(function: Callable[[Tensor], Any], *, is_on: bool) -> tuple[Any, Freeing]:
    freeing = Freeing(is_on=is_on)
    shapes = {"x": {0: torch_names.auto(), 1: torch_names.auto()}}
    return torch_names.export(Calling(function), (torch.rand(6, 8),), {}, shapes, freeing), freeing


@pytest.mark.parametrize("name", CASES)
def test_the_size_is_free_and_the_result_that_of_torch(name: str) -> None:
    program, freeing = _exported(CASES[name], is_on=True)
    assert freeing.was_used
    for sizes in ((6, 8), (5, 9), (2, 2), (3, 3), (7, 31), (4, 64)):
        x = torch.rand(sizes)
        assert compare(CASES[name](x), torch_names.called(program.module(), (x,), {})) == []


@pytest.mark.parametrize("name", KEPT)
def test_what_is_said_otherwise_stays_as_torch_has_it(name: str) -> None:
    program, _ = _exported(KEPT[name], is_on=True)
    x = torch.rand(6, 8)
    assert compare(KEPT[name](x), torch_names.called(program.module(), (x,), {})) == []


def test_nothing_is_another_where_it_is_not_asked_for() -> None:
    program, freeing = _exported(CASES["linspace"], is_on=False)
    assert not freeing.was_used
    assert torch_names.inputs(program)[0].sizes[1:] == (8,)  # type: ignore[index]


def test_a_one_hot_beyond_its_size_is_refused_as_by_torch() -> None:
    program, _ = _exported(lambda x: F.one_hot(torch.arange(5), x.size(1)), is_on=True)
    with pytest.raises(RuntimeError):
        torch_names.called(program.module(), (torch.rand(6, 3),), {})


@pytest.mark.parametrize("name", sorted(FREED))
def test_numbers_go_to_the_function_itself(name: str) -> None:
    assert freed(name, lambda *args: args, 4, 2) == (4, 2)


def test_roots_and_logarithms_of_sizes() -> None:
    def function(x: Tensor) -> Any:
        root = freed("math.sqrt", math.sqrt, x.size(1))
        return x * root + freed("math.log", math.log, x.size(0)) + freed("math.log2", math.log2, 8)

    program, _ = _exported(function, is_on=True)
    for sizes in ((6, 8), (5, 9)):
        x = torch.rand(sizes)
        assert compare(function(x), torch_names.called(program.module(), (x,), {})) == []
