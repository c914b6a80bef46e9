"""Tensors of classes of the user's: those that do operations in their own way are asked, as in Python."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from scriptkit import ScriptableModule, export
from scriptkit.errors import ScriptkitEagerWarning
from tests.scenarios.watching import run_compiled


class Doubling(Tensor):
    """Twice the hyperbolic tangent."""

    @classmethod
    def __torch_function__(
        cls, func: Callable[..., Any], kinds: Iterable[type], args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result: Any = super().__torch_function__(func, kinds, args, kwargs or {})  # type: ignore[no-untyped-call]
        return result * 2 if func is torch.tanh else result


class Named(Tensor):
    """Does nothing else than a tensor does."""


class Net(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3))

    @export
    def exported(self, x: Tensor) -> Tensor:
        return torch.tanh(x * self.weight)

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(x * self.weight)


def plain(tensor: Tensor) -> Tensor:
    return tensor.detach().as_subclass(Tensor)


@pytest.mark.parametrize("calls", [0, 12])
def test_an_argument_that_does_operations_in_its_own_way(calls: int) -> None:
    net, x = Net(), torch.ones(3)
    expected = torch.tanh(x)
    for _ in range(calls):
        net(x)
    with pytest.warns(ScriptkitEagerWarning, match="a tensor is a Doubling"):
        found = net(x.as_subclass(Doubling))
    assert type(found) is Doubling
    assert torch.equal(plain(found), 2 * expected)
    assert torch.equal(plain(net(x=x.as_subclass(Doubling))), 2 * expected)
    assert torch.equal(plain(net.exported(x.as_subclass(Doubling))), 2 * expected)
    assert torch.equal(run_compiled(net, x).detach(), expected)


def test_a_parameter_that_does_operations_in_its_own_way() -> None:
    net, x = Net(), torch.ones(3)
    before = net.weight
    net(x)
    net.weight = nn.Parameter(torch.ones(3).as_subclass(Doubling))
    with pytest.warns(ScriptkitEagerWarning, match="a tensor is a Doubling"):
        assert torch.equal(plain(net(x)), 2 * torch.tanh(x))
    net.weight = before
    assert torch.equal(run_compiled(net, x).detach(), torch.tanh(x))


def test_a_class_that_adds_nothing_runs_compiled_and_is_kept() -> None:
    net = Net()
    found = run_compiled(net, torch.ones(3).as_subclass(Named))
    assert type(found) is type(net.eager(torch.ones(3).as_subclass(Named))) is Named
