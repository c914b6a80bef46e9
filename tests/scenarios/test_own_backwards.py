"""A function with a backward of its own, guarded by `is_scripting`: training uses it, evaluation runs compiled."""

from __future__ import annotations

import warnings

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule
from scriptkit.errors import ScriptkitEagerWarning


class Spike(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:  # type: ignore[no-untyped-def]
        ctx.save_for_backward(x)
        return (x > 0).to(x.dtype)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:  # type: ignore[no-untyped-def]
        (x,) = ctx.saved_tensors
        return gradient / (1.0 + 10.0 * x.abs()) ** 2  # type: ignore[no-any-return]


def spike(x: Tensor) -> Tensor:
    if not torch.jit.is_scripting():  # type: ignore[attr-defined]
        return Spike.apply(x)  # type: ignore[no-any-return, no-untyped-call]
    return (x > 0).to(x.dtype)


class Net(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 4)

    def forward(self, x: Tensor) -> Tensor:
        return spike(self.fc(x))


class Plain(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 4)

    def forward(self, x: Tensor) -> Tensor:
        return spike(self.fc(x))


X = torch.randn(5, 3)


@pytest.mark.parametrize("make", [Net, lambda: scriptkit.compile(Plain())])
def test_training_uses_the_backward_of_its_own(make) -> None:  # type: ignore[no-untyped-def]
    module = make()
    with pytest.warns(ScriptkitEagerWarning, match="`Spike` has a backward of its own"):
        module(X).sum().backward()
    found = module.fc.weight.grad.clone()
    module.zero_grad()
    with scriptkit.eager():
        module(X).sum().backward()
    assert torch.equal(found, module.fc.weight.grad)


def test_without_gradients_compiled_code_runs() -> None:
    module = Net()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("error", ScriptkitEagerWarning)
        result = module(X)
    assert torch.equal(result, module.fc(X).gt(0).float())
    module.requires_grad_(requires_grad=False)
    module(X)
    assert not scriptkit.report(module).eager_calls
