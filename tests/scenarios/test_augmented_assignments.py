"""`&=`, `|=`, `^=`, `**=` write into tensors, and `%=` gives the remainder, as in Python: live, and in the file."""

from __future__ import annotations

import copy
import io
from typing import Any

import pytest
import torch
from torch import Tensor

import scriptkit
from scriptkit import ScriptableModule, export


def narrowed(mask: Tensor, other: Tensor) -> Tensor:
    """A function that writes into its argument."""
    mask &= other
    mask[0] |= 8
    return mask


class Augmented(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mask", torch.tensor([5, -6, 7]))
        self.held, self.share, self.calls = [torch.tensor([5.0, -6.0, 7.0])], -7.5, 0

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        alias = x
        x &= y
        x |= 8
        x ^= y[0]
        return alias

    @export
    def elements(self, x: Tensor, y: Tensor) -> Tensor:
        x[0] &= y[0]
        x[1:] |= y[1:]
        x[x > 5] ^= 3
        x[-1] **= 2
        x[:2] %= -4
        return x

    @export
    def numbers(self, x: Tensor, y: Tensor) -> list[float]:
        own = [-7.5, 7.5]
        share = -7.5
        share %= 2.0
        own[self.next() % 2] %= -2.0
        self.share %= 4.0
        count = 12
        count &= 6
        rest = [share, self.share, float(count), float(self.calls)]
        return own + rest

    @export
    def next(self) -> int:
        self.calls += 1
        return self.calls

    @export
    def held_ones(self, x: Tensor, y: Tensor) -> Tensor:
        self.mask &= y
        self.held[0] %= 4.0
        self.held[0] **= 2.0
        return self.held[0] + narrowed(self.mask, x)

    @export
    def held_in_a_dictionary(self, x: Tensor, y: Tensor) -> Tensor:
        totals = {"a": x, "b": y}
        totals["a"] += self.next()
        totals["b"] *= 2
        numbers = {"n": 3}
        numbers["n"] -= 1
        return x + y + numbers["n"] + self.calls

    @export
    def bools(self, x: Tensor, y: Tensor) -> Tensor:
        near = x > y
        near &= x.sum() > 0
        near |= False
        near[1:] ^= bool(y[0] > 0)
        return near


METHODS = ["forward", "elements", "numbers", "held_ones", "held_in_a_dictionary", "bools"]


def _given() -> tuple[Tensor, Tensor]:
    return torch.tensor([5, -6, 7]), torch.tensor([3, 2, 12])


def _outcome(form: Any, name: str) -> tuple[Any, ...]:
    given = _given()
    return getattr(form, name)(*given), given


@pytest.mark.parametrize("name", METHODS)
def test_what_python_writes_in_place_is_written_by_compiled_code(name: str) -> None:
    net = Augmented()
    plain, file = copy.deepcopy(net), io.BytesIO()
    scriptkit.save(net, file)
    file.seek(0)
    loaded = torch.jit.load(file)
    for _ in range(3):
        with scriptkit.eager():
            expected = _outcome(plain, name)
        torch.testing.assert_close(_outcome(net, name), expected)
        torch.testing.assert_close(_outcome(loaded, name), expected)
        torch.testing.assert_close([net.mask, net.held, net.share], [plain.mask, plain.held, plain.share])
    assert scriptkit.report(net).eager_calls == {}
