"""Names that scriptkit uses itself may be anybody's: submodules, attributes and methods of these names work."""

from __future__ import annotations

import io
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule

X = torch.rand(2, 3)


class OwnInner(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x) + 1


class Inner(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x) + 1


class Number(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.inner = 2

    def forward(self, x: Tensor) -> Tensor:
        return x * self.inner


class Method(ScriptableModule):
    def inner(self, x: Tensor) -> Tensor:
        return x * 3

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x)


class Rope(nn.Module):
    """A table that is in no state."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("table", torch.ones(3), persistent=False)
        self.fc = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) * self.table

    def get_extra_state(self) -> Any:
        return 7

    def set_extra_state(self, state: Any) -> None:
        assert state == 7


@pytest.mark.parametrize("cls", [OwnInner, Number, Method])
def test_a_member_named_inner(cls: type[ScriptableModule]) -> None:
    net, file = cls(), io.BytesIO()
    net.save(file, example_inputs=(X,))
    file.seek(0)
    assert torch.equal(scriptkit.load(file)(X), net.eager(X))


def test_a_submodule_named_inner_of_a_compiled_module() -> None:
    module, file = Inner(), io.BytesIO()
    net = scriptkit.compile(module, (X,))
    assert net.inner is module.inner
    scriptkit.save(net, file, example_inputs=(X,))
    file.seek(0)
    assert torch.equal(scriptkit.load(file)(X), module(X))
    assert scriptkit.load(io.BytesIO(file.getvalue())).manifest.class_name.endswith("Inner")


@pytest.mark.parametrize("mode", ["script", "lowered", "trace"])
def test_the_state_of_a_compiled_module_is_that_of_the_module(mode: str) -> None:
    plain = Rope()
    net = scriptkit.compile(Rope(), (X,), modes={"": mode})
    assert list(net.state_dict()) == list(plain.state_dict())
    net.load_state_dict(plain.state_dict())
    assert torch.equal(net(X), plain(X))
    around, other = nn.Sequential(net), nn.Sequential(Rope())
    around.load_state_dict(other.state_dict())
    assert torch.equal(around(X), other(X))
