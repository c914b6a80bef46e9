"""Submodules that no compiled code reaches and that do not script stay Python: metrics, losses."""

from __future__ import annotations

import io
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule, export
from scriptkit.errors import CompilationError, ScriptkitError


class Metric(nn.Module):
    def forward(self, *args: Any, **_options: Any) -> int:
        return len(args)


class Loss(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Conv2d(3, 4, 3)

    def forward(self, a: Tensor, b: Tensor, **_options: Any) -> Any:
        return sum(((part(a) - part(b)) ** 2).mean() for part in [self.net])


class Net(ScriptableModule):
    def __init__(self, child: nn.Module) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 3)
        self.metric = child

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x)

    def training_step(self, x: Tensor, y: Tensor) -> Any:
        return self.metric(self(x), y)


class Reached(Net):
    @export
    def measured(self, x: Tensor) -> Tensor:
        return self.metric(x)  # type: ignore[no-any-return]


X = torch.rand(2, 3)


@pytest.mark.parametrize("child", [Metric(), nn.ModuleDict({"one": Metric(), "two": nn.ReLU()})])
def test_a_child_that_nothing_reaches_stays_python(child: nn.Module) -> None:
    net = Net(child)
    assert scriptkit.is_compiled(net)
    assert torch.equal(net(X), net.fc(X))
    rows = {row.path: row for row in scriptkit.report(net).rows}
    path = "metric" if isinstance(child, Metric) else "metric.one"
    assert rows[path].mode == "eager"
    assert "no compiled code reaches it" in rows[path].reason
    if isinstance(child, Metric):
        assert net.training_step(X, X) == 2
    file = io.BytesIO()
    scriptkit.save(net, file, example_inputs=(X,))
    file.seek(0)
    assert torch.equal(torch.jit.load(file)(X), net(X))


def test_its_parameters_are_trained_and_in_the_state() -> None:
    net = Net(Loss())
    assert "metric.net.weight" in net.state_dict()
    image = torch.rand(1, 3, 4, 4)
    net.metric(image, image * 2).backward()
    assert net.metric.net.weight.grad is not None  # type: ignore[union-attr]
    assert scriptkit.is_compiled(net)


def test_one_that_an_exported_method_calls_is_compiled_or_refused() -> None:
    net = Reached(Metric())
    with pytest.raises(ScriptkitError):
        scriptkit.save(net, io.BytesIO())
    assert issubclass(CompilationError, ScriptkitError)
