"""Functions and classes that compiled code was made from are watched like any other value."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule

X = torch.tensor([[-1.0, 0.5, 2.0]])


class Own(ScriptableModule):
    def __init__(self, act: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.act = act

    def forward(self, x: Tensor) -> Tensor:
        return self.act(x) + 1


class Plain(nn.Module):
    def __init__(self, act: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.act = act

    def forward(self, x: Tensor) -> Tensor:
        return self.act(x) + 1


class Around(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.child = Plain(F.relu)

    def forward(self, x: Tensor) -> Tensor:
        return self.child(x)


class Halves(Plain):
    def forward(self, x: Tensor) -> Tensor:
        return self.act(x) / 2


@pytest.mark.parametrize("calls", [0, 1, 20])
def test_a_function_in_an_attribute_of_an_own_module(calls: int) -> None:
    net = Own(F.relu)
    for _ in range(calls):
        assert torch.equal(net(X), F.relu(X) + 1)
    net.act = torch.tanh
    assert torch.equal(net(X), torch.tanh(X) + 1)
    net.act = nn.Sigmoid()
    assert torch.equal(net(X), torch.sigmoid(X) + 1)


@pytest.mark.filterwarnings("ignore::scriptkit.ScriptkitEagerWarning")
@pytest.mark.parametrize("mode", ["script", "lowered", "trace"])
def test_a_function_in_an_attribute_of_a_compiled_module(mode: str) -> None:
    net = scriptkit.compile(Plain(F.relu), (X,), modes={"": mode})
    for _ in range(20):
        assert torch.equal(net(X), F.relu(X) + 1)
    net.act = torch.tanh
    assert torch.equal(net(X), torch.tanh(X) + 1)


def test_a_function_in_an_attribute_of_a_script_child() -> None:
    net = Around()
    for _ in range(20):
        assert torch.equal(net(X), F.relu(X) + 1)
    net.child.act = torch.tanh
    assert torch.equal(net(X), torch.tanh(X) + 1)


def test_the_class_of_a_child() -> None:
    net = Around()
    for _ in range(20):
        assert torch.equal(net(X), F.relu(X) + 1)
    net.child.__class__ = Halves
    assert torch.equal(net(X), F.relu(X) / 2)


@pytest.mark.filterwarnings("ignore::scriptkit.ScriptkitEagerWarning")
@pytest.mark.parametrize("mode", ["script", "lowered", "trace"])
def test_the_class_of_a_compiled_module(mode: str) -> None:
    net = scriptkit.compile(Plain(F.relu), (X,), modes={"": mode})
    for _ in range(20):
        assert torch.equal(net(X), F.relu(X) + 1)
    net.inner.__class__ = Halves
    assert torch.equal(net(X), F.relu(X) / 2)


def scaled(x: Tensor, by: float = 2.0) -> Tensor:
    return x * by + 1


class CallsScaled(ScriptableModule):
    def forward(self, x: Tensor) -> Tensor:
        return scaled(x)


@pytest.mark.parametrize("calls", [1, 20])
def test_the_defaults_of_a_function(calls: int, monkeypatch: pytest.MonkeyPatch) -> None:
    net = CallsScaled()
    for _ in range(calls):
        assert torch.equal(net(X), X * 2 + 1)
    monkeypatch.setattr(scaled, "__defaults__", (3.0,))
    assert torch.equal(net(X), X * 3 + 1)
