"""Loops of run-time length that make a tuple, dictionary or list anew in each round: what is in it is carried."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor, nn

from scriptkit.compiling.lowering import lower
from scriptkit.errors import CompilationError


class State(NamedTuple):
    h: Tensor
    c: Tensor


class Recurrent(nn.Module):
    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.cell = nn.LSTMCell(3, 4)

    def forward(self, x: Tensor, **_options: object) -> tuple[Tensor, Tensor]:
        zero = x.new_zeros(x.size(1), 4)
        state: Any = {
            "tuple": (zero, zero),
            "named": State(zero, zero),
            "list": [zero, zero],
            "dict": {"h": zero, "c": zero},
            "nested": ((zero, zero), 0),
        }[self.kind]
        outs = []
        last = zero
        for t in range(x.size(0)):
            if self.kind == "tuple":
                state = self.cell(x[t], state)
                last = state[0]
            elif self.kind == "named":
                state = State(*self.cell(x[t], (state.h, state.c)))
                last = state.h
            elif self.kind == "list":
                h, c = self.cell(x[t], (state[0], state[1]))
                state = [h, c]
                last = h
            elif self.kind == "dict":
                h, c = self.cell(x[t], (state["h"], state["c"]))
                state = {"h": h, "c": c}
                last = h
            else:
                h, c = self.cell(x[t], state[0])
                state = ((h, c), state[1] + 1)
                last = h * state[1]
            outs.append(last)
        return torch.stack(outs), last


@pytest.mark.parametrize("kind", ["tuple", "named", "list", "dict", "nested"])
def test_state_goes_from_round_to_round(kind: str) -> None:
    module = Recurrent(kind)
    lowered = lower(module, (torch.rand(5, 2, 3),))
    for rounds in (1, 5, 7):
        x = torch.rand(rounds, 2, 3)
        for found, expected in zip(lowered.run(x), module(x), strict=True):
            assert torch.allclose(found, expected)


class Swapped(nn.Module):
    def forward(self, x: Tensor, **_options: object) -> Tensor:
        pair = (x[0], x[0] * 2)
        for t in range(x.size(0)):
            pair = (pair[1], pair[0] + x[t])
        return pair[0] - pair[1]


def test_both_ends_of_a_swap_are_those_of_the_last_round() -> None:
    lowered = lower(Swapped(), (torch.rand(4, 2),))
    for rounds in (1, 2, 5):
        x = torch.rand(rounds, 2)
        assert torch.allclose(lowered.run(x), Swapped()(x))


class Growing(nn.Module):
    def forward(self, x: Tensor, **_options: object) -> Tensor:
        found: Any = (x[0],)
        for t in range(x.size(0)):
            found = (*found, x[t])
        return found[-1]  # type: ignore[no-any-return]


def test_a_tuple_that_grows_is_refused() -> None:
    with pytest.raises(CompilationError, match="`found` is a `tuple` first and another type later"):
        lower(Growing(), (torch.rand(4, 2),))
