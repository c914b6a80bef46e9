"""Exported methods run compiled when Python calls them; where they cannot, that is counted and told."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule, ScriptkitEagerWarning, ScriptkitWarning

X = torch.zeros(2)


class OnlyExports(ScriptableModule):
    @scriptkit.export
    def encode(self, x: Tensor) -> Tensor:
        if torch.jit.is_scripting():  # type: ignore[attr-defined]
            return x + 1
        return x


class WithForward(ScriptableModule):
    def forward(self, x: Tensor) -> Tensor:
        return x

    @scriptkit.export
    def encode(self, x: Tensor) -> Tensor:
        if torch.jit.is_scripting():  # type: ignore[attr-defined]
            return x + 1
        return x


class Plain(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.scale = 1.0

    def forward(self, x: Tensor) -> Tensor:
        return x * self.scale

    @torch.jit.export
    def encode(self, x: Tensor) -> Tensor:
        if torch.jit.is_scripting():  # type: ignore[attr-defined]
            return x + 1
        return x


@pytest.mark.parametrize("cls", [OnlyExports, WithForward])
def test_of_a_scriptable_module(cls: type[ScriptableModule]) -> None:
    net = cls()
    assert torch.equal(net.encode(X), X + 1)  # type: ignore[operator]
    with scriptkit.eager():
        assert torch.equal(net.encode(X), X)  # type: ignore[operator]


def test_of_a_compiled_module() -> None:
    net = scriptkit.compile(Plain(), (X,))
    assert torch.equal(net.encode(X), X + 1)
    with scriptkit.eager():
        assert torch.equal(net.encode(X), X)
    assert not net.eager_calls


@pytest.mark.parametrize("mode", ["lowered", "trace"])
def test_of_a_form_that_lacks_it(mode: str) -> None:
    with pytest.warns(ScriptkitWarning, match="exported method `encode` of Plain: in no file"):
        net = scriptkit.compile(Plain(), (X,), modes={"": mode})
    with pytest.warns(ScriptkitEagerWarning, match="exported method `encode` is in no compiled form"):
        assert torch.equal(net.encode(X), X)
    assert sum(scriptkit.report(net).eager_calls.values()) == 1
