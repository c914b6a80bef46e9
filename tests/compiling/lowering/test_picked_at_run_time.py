"""Modules and values picked by an index or a name of the run; loops that carry what changes its rank."""

from __future__ import annotations

import inspect
import random
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from scriptkit.compiling.lowering import LoweringError, lower
from tests.compiling.lowering.test_reach import equal_after_loading, images

SIZES = ((4, 3), (1, 3), (3, 3))


class Experts(nn.Module):
    """A list of modules indexed in a loop, a dictionary by a text with a number in it, a method of what is picked."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(3, 3) for _ in range(4))
        self.named = nn.ModuleDict({f"expert_{number}": nn.Linear(3, 2 + number) for number in range(4)})

    def forward(self, x: Tensor) -> tuple[Any, ...]:
        total = torch.full((), 0.0)
        for number, row in enumerate(x):
            layer = self.layers[number]
            total = total + layer(row)
        last = self.layers[-x.shape[0]](x)
        chosen = torch.arange(x.shape[0]).max()
        named = [self.named[f"expert_{number}"](x).sum() for number in range(x.shape[0])]
        return total * 2, last, self.named[f"expert_{chosen}"](x), torch.stack(named), total.dim()


def test_a_module_is_picked_by_an_index_or_a_name_of_the_run() -> None:
    torch.manual_seed(2)
    equal_after_loading(Experts(), *images(*SIZES))


def test_an_index_out_of_range_raises() -> None:
    model = Experts()
    made = lower(model, (torch.randn(2, 3),))
    with pytest.raises(Exception, match="out of range"):
        made.run(torch.randn(5, 3))


class Zipped(nn.Module):
    """Modules with values of the run, and with one value too many."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(3, 3) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        total = x.sum()
        parts: Any = list(x.split(1))
        pairs: Any = zip(self.layers, parts, strict=False)
        for layer, part in pairs:
            total = total + layer(part).sum()
        return total


def test_modules_are_walked_beside_values_of_the_run() -> None:
    torch.manual_seed(2)
    equal_after_loading(Zipped(), *images((4, 3), (2, 3)))
    with pytest.raises(Exception, match="lowered for 2 values"):
        lower(Zipped(), (torch.randn(4, 3),)).run(torch.randn(1, 3))


class MayBeNone(nn.Module):
    """Comparisons with what may be None; sizes that are tensors; operations in place; a typed module."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 3)
        self.identity = nn.Identity()
        self.drop = nn.Dropout2d(0)

    def forward(self, x: Tensor) -> tuple[Any, ...]:
        limit = None if x.shape[0] == 1 else x.shape[0] * 2
        count = 1 if limit == 8 else 2
        other = 3 if limit != x.shape[1] else 4
        self.linear = self.linear.to(torch.float32)
        size: Any = (torch.tensor(x.shape[0]) + 1, torch.tensor(5))
        grown = nn.functional.interpolate(x[None, None], size=size)
        first, rest = x.split([1, 2], dim=1)
        floored = x.clone() * 7
        floored //= 2
        floored %= 3
        tracked = torch.zeros_like(x).requires_grad_()
        return (
            count,
            other,
            self.identity(grown),
            self.drop(self.linear(x)[None, None]),
            first,
            rest,
            floored,
            tracked * 1,
        )


def test_values_that_may_be_none_and_sizes_that_are_tensors() -> None:
    torch.manual_seed(2)
    equal_after_loading(MayBeNone(), *images(*SIZES))


class Drawn(nn.Module):
    """A number from outside that only training looks at."""

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(2):
            chance = random.uniform(0, 1)
            other = np.random.uniform(0, 1)  # noqa: NPY002
            if self.training and (chance < 0.5 or other < 0.5):
                continue
            x = x * 2
        return x


class Used(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        chance = random.uniform(0, 1)
        return x * chance


def test_what_comes_from_outside_is_refused_where_it_is_read() -> None:
    equal_after_loading(Drawn().eval(), *images(*SIZES))
    made = lower(Drawn().eval(), (torch.ones(2),))
    made.form.train()
    with pytest.raises(Exception, match="was not lowered"):
        made.run(torch.ones(2))
    with pytest.raises(LoweringError) as caught:
        lower(Used(), (torch.ones(2),))
    assert caught.value.diagnostics[0].name == "impure-call"


class Correlated(nn.Module):
    """A name that has a value in one branch, and is read under the same condition."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            doubled = x * 2
        for _ in range(2):
            if not self.training:
                x = x + doubled
        return x


def test_a_name_with_a_value_in_the_branch_of_the_example_is_read() -> None:
    equal_after_loading(Correlated().eval(), *images(*SIZES))
    made = lower(Correlated().eval(), (torch.ones(2),))
    made.form.train()
    with pytest.raises(Exception, match="was not lowered"):
        made.run(torch.ones(2))


class Bound(nn.Module):
    """A wrapper that looks at the signature of what it wraps."""

    def forward(self, x: Tensor) -> Tensor:
        bound = inspect.signature(self.inner).bind(x, scale=x.shape[0])
        bound.apply_defaults()
        return self.inner(*bound.args, **bound.kwargs) + len(bound.arguments)

    def inner(self, x: Tensor, *, scale: float = 1.0, shift: float = 2.0) -> Tensor:
        return x * scale + shift


def test_arguments_are_bound_to_a_signature() -> None:
    equal_after_loading(Bound(), *images(*SIZES))


class Summed(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        total: Any = sum(row * number for number, row in enumerate(x))
        made: Tensor = total * 1
        return made


def test_tensors_of_the_run_are_added() -> None:
    equal_after_loading(Summed(), *images(*SIZES))


class Untouched(nn.Module):
    """A list that a loop might have filled stays what it was."""

    def __init__(self) -> None:
        super().__init__()
        self.keeps = False

    def forward(self, x: Tensor) -> tuple[Any, ...]:
        seen: list[Tensor] = []
        for row in x:
            if self.keeps:
                seen.append(row)  # noqa: PERF401 - the form under test
        return (x.sum(), *tuple(seen))


def test_a_list_that_no_round_lengthens_is_a_python_list() -> None:
    equal_after_loading(Untouched(), *images(*SIZES))
