"""`torch.utils.checkpoint` is a call of what it is given, with the same gradients; the reentrant form is refused."""

from __future__ import annotations

import copy
import io
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint, checkpoint_sequential

import scriptkit
from scriptkit.errors import CompilationError

X = torch.rand(2, 3)


class Net(nn.Module):
    def __init__(self, kind: str) -> None:
        super().__init__()
        self.a, self.b, self.kind = nn.Linear(3, 3), nn.Sequential(nn.Linear(3, 3), nn.Tanh()), kind

    def forward(self, x: Any, **_: Any) -> Any:
        x = self.a(x)
        if self.kind == "when it requires gradients" and x.requires_grad:
            return checkpoint(self.b, x, use_reentrant=False)
        if self.kind == "in training" and self.training:
            return checkpoint(self._scaled, x, scale=2.0, use_reentrant=False, preserve_rng_state=False)
        if self.kind == "with gradients" and torch.is_grad_enabled():
            return checkpoint(self.b, x, use_reentrant=False)
        if self.kind == "in a row":
            return checkpoint_sequential(self.b, 2, x, use_reentrant=False)
        if self.kind == "always":
            return checkpoint(function=self.b, use_reentrant=False, input=x)
        return self.b(x)

    def _scaled(self, x: Tensor, scale: float) -> Tensor:
        return self.b(x) * scale


class Reentrant(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Linear(3, 3)

    def forward(self, x: Any, **_: Any) -> Any:
        return checkpoint(self.a, x, use_reentrant=True)


class WithContext(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Linear(3, 3)

    def forward(self, x: Any, **_: Any) -> Any:
        return checkpoint(self.a, x, use_reentrant=False, context_fn=lambda: (torch.enable_grad(), torch.no_grad()))


@pytest.mark.parametrize(
    "kind", ["when it requires gradients", "in training", "with gradients", "in a row", "always", "never"]
)
def test_a_checkpointed_part_computes_and_differentiates_as_in_python(kind: str) -> None:
    plain = Net(kind)
    net = scriptkit.compile(copy.deepcopy(plain).eval(), (X,), modes={"": "lowered"})
    with torch.no_grad():
        assert torch.equal(net(X), plain.eval()(X))
    for training in (False, True):
        net.train(training)
        plain.train(training)
        net.zero_grad()
        plain.zero_grad()
        net(X).square().sum().backward()
        plain(X).square().sum().backward()
        for (name, one), other in zip(plain.named_parameters(), net.parameters(), strict=True):
            assert one.grad is not None
            assert other.grad is not None, name
            assert torch.allclose(one.grad, other.grad), name
    file = io.BytesIO()
    scriptkit.save(net, file, example_inputs=(X,))
    file.seek(0)
    assert torch.allclose(scriptkit.load(file)(X), plain(X))


@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad")
def test_the_reentrant_form_is_refused_with_the_way_out() -> None:
    with pytest.raises(CompilationError, match="pass `use_reentrant=False`") as refused:
        scriptkit.compile(Reentrant(), (X,))
    assert "unordered_map" not in str(refused.value)


def test_a_context_of_its_own_is_refused() -> None:
    with pytest.raises(CompilationError, match="`checkpoint` with a `context_fn`"):
        scriptkit.compile(WithContext(), (X,), modes={"": "lowered"})
