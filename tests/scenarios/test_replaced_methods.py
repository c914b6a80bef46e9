"""Methods that others replace: on one instance, as libraries that wrap layers do, and on a class, as tests do."""

import types
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule, export
from scriptkit.errors import CompilationError, ScriptkitEagerWarning
from tests.scenarios.watching import run_compiled


class Inner(ScriptableModule):
    def forward(self, x: Tensor) -> Tensor:
        return x + 1


class Outer(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.fc, self.inner = nn.Linear(2, 2), Inner()

    @property
    def factor(self) -> float:
        return 3.0

    def scaled(self, x: Tensor) -> Tensor:
        return x * self.factor

    @export
    def exported(self, x: Tensor) -> Tensor:
        return self.scaled(x)

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(self.fc(self.scaled(x)))


def tenfold(*arguments: Any) -> Tensor:
    found: Tensor = arguments[-1] * 10
    return found


def of_the_module(net: Any) -> None:
    net.scaled = tenfold


def bound(net: Any) -> None:
    net.scaled = types.MethodType(tenfold, net)


def of_a_child(net: Any) -> None:
    net.inner.forward = tenfold


def of_a_layer_of_torch(net: Any) -> None:
    net.fc.forward = tenfold


REPLACEMENTS = [of_the_module, bound, of_a_child, of_a_layer_of_torch]


@pytest.fixture(params=[1, 12], ids=["at once", "after some calls"])
def net(request: pytest.FixtureRequest) -> Outer:
    made = Outer()
    for _ in range(request.param):
        run_compiled(made, torch.ones(1, 2))
    return made


@pytest.mark.parametrize("replace", REPLACEMENTS)
def test_a_method_replaced_on_an_instance_is_called(net: Outer, replace: Callable[[Any], None]) -> None:
    x, before = torch.ones(1, 2), net(torch.ones(1, 2))
    replace(net)
    with pytest.warns(ScriptkitEagerWarning, match="was replaced on an instance of"):
        replaced = net(x)
    assert torch.equal(replaced, net.eager(x))
    assert torch.equal(net.exported(x), net.scaled(x))
    for part in (net, net.inner, net.fc):
        for name in ("scaled", "forward"):
            part.__dict__.pop(name, None)
    assert torch.equal(run_compiled(net, x), before)


@pytest.mark.parametrize("replace", REPLACEMENTS)
def test_what_was_replaced_on_an_instance_is_in_no_file(net: Outer, replace: Callable[[Any], None]) -> None:
    replace(net)
    with pytest.raises(CompilationError, match="was replaced on an instance of"):
        scriptkit.to_torchscript(net)


def test_a_forward_replaced_on_the_module_itself_is_in_no_file(net: Outer) -> None:
    net.__dict__["forward"] = tenfold
    with pytest.raises(CompilationError, match="`forward` was replaced"):
        scriptkit.to_torchscript(net)


def test_a_property_replaced_for_a_while(net: Outer) -> None:
    x, before = torch.ones(1, 2), net(torch.ones(1, 2))
    with mock.patch.object(Outer, "factor", property(lambda _: 1.0)), pytest.raises(CompilationError):
        net(x)
    assert torch.equal(run_compiled(net, x), before)
