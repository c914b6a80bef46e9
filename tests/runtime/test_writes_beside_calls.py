"""One thread writes to a module and calls it, others call it all the time: a call computes with what was written."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

import scriptkit
from scriptkit import ScriptableModule

_SHORT = 2e-5
"""Seconds a thread may run: the others come in between any two steps of a call."""
_WRITES = 500
_X = torch.ones(2, 3)


class Own(ScriptableModule):
    """Reads tensors of its parts, and plain values."""

    scales: dict[str, float]
    counts: list[int]

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.BatchNorm1d(3, momentum=0.0) for _ in range(4)])
        self.dropout = nn.Dropout(0.5)
        self.factor = 1.0
        self.scales = {"a": 1.0}
        self.counts = [1]
        self.word = "x"

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            x = layer(x)
        return self.dropout(x * self.factor) * self.scales["a"] * self.counts[0] * len(self.word)


class Foreign(nn.Module):
    """The same of somebody else; arguments that no script takes have it lowered."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.BatchNorm1d(3, momentum=0.0) for _ in range(4)])
        self.dropout = nn.Dropout(0.5)

    def forward(self, x: torch.Tensor, **options: Any) -> torch.Tensor:
        for layer in self.layers:
            x = layer(x)
        return self.dropout(x) if options.get("drops", True) else x


FORMS: dict[str, Callable[[], nn.Module]] = {
    "own": lambda: Own().eval(),
    "compiled": lambda: scriptkit.compile(
        nn.Sequential(nn.BatchNorm1d(3, momentum=0.0), nn.Dropout(0.5)).eval(), (_X,)
    ),
    "traced": lambda: scriptkit.compile(Foreign().eval(), (_X,), modes={"": "trace"}),
    "lowered": lambda: scriptkit.compile(Foreign().eval(), (_X,), modes={"": "lowered"}),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_tensor_that_was_exchanged(form: str) -> None:
    def exchange(net: nn.Module, number: int) -> None:
        _last_norm(net).bias = nn.Parameter(torch.full((3,), float(number)))

    _writes_are_seen(FORMS[form](), exchange)


@pytest.mark.parametrize("form", ["own", "lowered", "compiled"])
def test_the_training_mode(form: str) -> None:
    """Where the statistics are of the batch, the ones become zeros; those of the module stay as they are."""

    def switch(net: nn.Module, number: int) -> None:
        net.train(number % 2 == 0)
        for part in net.modules():
            if isinstance(part, nn.Dropout):
                part.p = 0.0

    _writes_are_seen(FORMS[form](), switch)


VALUES: dict[str, Callable[[Any, int], None]] = {
    "number": lambda net, number: setattr(net, "factor", float(number)),
    "dictionary": lambda net, number: net.scales.update(a=float(number)),
    "list": lambda net, number: setattr(net, "counts", [number]),
    "text": lambda net, number: setattr(net, "word", "x" * number),
}


@pytest.mark.parametrize("kind", VALUES)
def test_a_value_of_ones_own(kind: str) -> None:
    _writes_are_seen(FORMS["own"](), VALUES[kind])


class Normed(ScriptableModule):
    """Weights that are computed for each call."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = weight_norm(nn.Linear(3, 3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        computed: torch.Tensor = self.layer(x)
        return computed


def test_a_tensor_that_others_are_computed_from() -> None:
    def exchange(net: Any, number: int) -> None:
        net.layer.bias = nn.Parameter(torch.full((3,), float(number)))

    _writes_are_seen(Normed().eval(), exchange)


def _last_norm(net: nn.Module) -> nn.Module:
    return [part for part in net.modules() if isinstance(part, nn.BatchNorm1d)][-1]


def _writes_are_seen(net: nn.Module, write: Callable[[nn.Module, int], None]) -> None:
    for _ in range(12):  # until every quick way of asking is in use
        net(_X)
    wrong: list[tuple[int, float, float]] = []
    with _called_by_others(net):
        for number in range(1, _WRITES):
            write(net, number)
            found = float(net(_X).detach().max())
            with scriptkit.eager():
                expected = float(net(_X).detach().max())
            wrong += [(number, found, expected)] if abs(found - expected) > 1e-4 * abs(expected) else []
    assert scriptkit.is_compiled(net)
    assert wrong == []


@contextlib.contextmanager
def _called_by_others(net: nn.Module) -> Iterator[None]:
    stop, before = threading.Event(), sys.getswitchinterval()

    def call() -> None:
        while not stop.is_set():
            net(_X)

    others = [threading.Thread(target=call) for _ in range(2)]
    sys.setswitchinterval(_SHORT)
    try:
        for other in others:
            other.start()
        yield
    finally:
        stop.set()
        for other in others:
            other.join()
        sys.setswitchinterval(before)
