"""Declarations that torch.jit honours: `torch.jit.Attribute`, `__prepare_scriptable__`; and what `pinned` takes."""

from __future__ import annotations

import copy
import io
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule
from scriptkit.errors import CompilationError

X = torch.rand(2, 3)


class Declares(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.names = cast("list[str]", torch.jit.Attribute([], list[str]))
        self.sizes = cast("dict[str, int]", torch.jit.Attribute({}, dict[str, int]))
        self.gain = cast("int", torch.jit.Attribute(2, int))

    def forward(self, x: Tensor) -> Tensor:
        self.names.append("a")
        self.sizes["a"] = x.size(0)
        return x * self.gain + len(self.names) + self.sizes["a"]


@pytest.mark.parametrize("made", [lambda net: net, copy.deepcopy])
def test_an_attribute_has_the_type_that_was_declared_with_it(made: Any) -> None:
    net = made(Declares())
    assert net.names == []
    assert torch.equal(net(X), X * 2 + 3)
    assert net.names == ["a"]
    with scriptkit.eager():
        assert torch.equal(net(X), X * 2 + 4)
    assert torch.equal(net(X), X * 2 + 5)
    file = io.BytesIO()
    scriptkit.save(net, file, example_inputs=(X,))
    assert torch.equal(torch.jit.load(io.BytesIO(file.getvalue()))(X), X * 2 + 6)


class ForeignDeclares(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.names = torch.jit.Attribute([], list[str])

    def forward(self, x: Tensor) -> Tensor:
        return x + len(self.names)


def test_a_foreign_attribute_is_what_python_finds_where_that_can_be_compared() -> None:
    net = scriptkit.compile(ForeignDeclares(), (X,))
    assert torch.equal(net(X), ForeignDeclares()(X))
    file = io.BytesIO()
    scriptkit.save(net, file, example_inputs=(X,))


class Plain(nn.Module):
    def __init__(self, fc: nn.Linear) -> None:
        super().__init__()
        self.linear = fc

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x)


class Prepares(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 3)

    def forward(self, *given: Tensor) -> Tensor:
        return self.fc(*given)

    def __prepare_scriptable__(self) -> nn.Module:
        return Plain(self.fc)


class Own(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.part = Prepares()

    def forward(self, x: Tensor) -> Tensor:
        return self.part(x)


@pytest.mark.parametrize("made", [lambda: scriptkit.compile(Prepares()), Own])
def test_what_prepare_scriptable_gives_is_compiled_without_inputs(made: Any) -> None:
    net = made()
    assert scriptkit.is_compiled(net)
    fc = net.part.fc if isinstance(net, Own) else net.fc
    assert torch.equal(net(X), fc(X))
    with torch.no_grad():
        fc.weight.mul_(2)
    fc.bias = nn.Parameter(torch.ones(3))
    assert torch.equal(net(X), fc(X))
    file = io.BytesIO()
    scriptkit.save(net, file)
    assert torch.equal(torch.jit.load(io.BytesIO(file.getvalue()))(X), fc(X))
    assert not scriptkit.report(net).eager_calls


class Options(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 3)

    def forward(self, x: Tensor, **_options: Any) -> Tensor:
        return self.fc(x)


@pytest.mark.parametrize("cls", [Options, lambda: Plain(nn.Linear(3, 3))])
def test_compiled_modules_can_be_pinned(cls: Any) -> None:
    net = scriptkit.compile(cls().eval(), (X,))
    pinned = scriptkit.pinned(net)
    assert torch.equal(pinned(X), net(X))


def test_a_module_that_waits_cannot_be_pinned_and_says_why() -> None:
    with pytest.raises(CompilationError, match=r"not compiled yet.*pass `example_inputs`"):
        scriptkit.pinned(scriptkit.compile(Options()))
