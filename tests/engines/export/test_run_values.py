"""Truth, conversions and numbers of values that only a run knows are those of Python."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from torch import Tensor

from scriptkit.engines.export.run_values import (
    NotCarriedError,
    as_tensor,
    both,
    either,
    is_open,
    negated,
    to_float,
    to_int,
    truth,
)

BOOLS = (True, False)


def plain(value: Any) -> Any:
    return value.item() if isinstance(value, Tensor) else value


def forms(value: bool) -> list[Any]:
    """A truth that is known, and one that only a run knows."""
    return [value, torch.tensor(value)]


@pytest.mark.parametrize(("one", "other"), list(itertools.product(BOOLS, BOOLS)))
def test_and_or_not_are_pythons(one: bool, other: bool) -> None:
    for a, b in itertools.product(forms(one), forms(other)):
        assert plain(both(a, b)) == (one and other)
        assert plain(either(a, b)) == (one or other)
    assert [plain(negated(form)) for form in forms(one)] == [not one, not one]


@pytest.mark.parametrize("number", [0, 3, -2, 0.0, 2.75, -2.75])
def test_truth_and_conversions_are_pythons(number: float) -> None:
    for form in (number, torch.tensor(number), torch.tensor([[number]])):
        assert plain(truth(form)) == bool(number)
        assert to_int(form) == int(number)
        assert to_float(form) == float(number)


@pytest.mark.parametrize(
    ("value", "dtype"), [(True, torch.bool), (3, torch.int64), (2.5, torch.float64), (torch.ones(2), torch.float32)]
)
def test_a_number_as_a_tensor_has_the_dtype_of_python(value: Any, dtype: torch.dtype) -> None:
    made = as_tensor(value)
    assert made.dtype == dtype
    assert torch.equal(made, torch.as_tensor(value, dtype=dtype))


def test_what_no_operator_carries_is_refused() -> None:
    with pytest.raises(NotCarriedError, match="a str leaves a branch"):
        as_tensor("text")


def test_only_what_a_run_decides_is_open() -> None:
    assert is_open(torch.ones(1))
    assert not is_open(3)


def test_sizes_of_a_run_keep_being_sizes() -> None:
    seen: list[Any] = []

    class Sizes(torch.nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            n = x.shape[0]
            seen.extend([is_open(n), type(to_int(n)), type(to_float(n)), type(truth(n)), type(negated(n > 2))])
            seen.append(type(to_int(to_float(n))))
            chosen = both(n > 2, n < 100)
            return x + as_tensor(n) + as_tensor(to_float(n)) + as_tensor(either(chosen, n > 500))

    x = torch.ones(5)
    dim = torch.export.Dim("n", min=3, max=90)
    program = torch.export.export(Sizes(), (x,), dynamic_shapes=({0: dim},), strict=False)
    assert seen[:6] == [True, torch.SymInt, torch.SymFloat, torch.SymBool, torch.SymBool, torch.SymInt]
    for size in (5, 7):
        given = torch.ones(size)
        assert torch.equal(program.module()(given), given + size + float(size) + 1)
