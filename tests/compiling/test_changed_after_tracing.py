"""A traced module that is changed afterwards gives what Python gives."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import scriptkit

X = torch.linspace(-1, 1, 8).reshape(2, 4)


class Inner(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc, self.drop = nn.Linear(4, 4), nn.Dropout(0.0)
        self.scale, self.name, self.sizes = 2.0, "a" * 3, [1, 2]
        self.loose = torch.ones(4)

    def forward(self, x: Tensor, by: float = 3.0) -> Tensor:
        y: Tensor = self.drop(self.fc(x)) * self.scale * by + self.loose * len(self.name) + sum(self.sizes)
        return y


class Outer(nn.Module):
    extra: nn.Module

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.spare = Inner(), nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.inner(x)
        if hasattr(self, "extra"):
            y = self.extra(y)
        return y + self.spare(x)


def other_default(model: Outer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Inner.forward, "__defaults__", (5.0,))


def other_code(model: Outer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Inner, "forward", lambda self, x: x * 2)


def no_change(model: Outer, monkeypatch: pytest.MonkeyPatch) -> None:
    model.inner.name = chr(97) * 3  # another object that is the same


CHANGES: dict[str, Callable[[Any, pytest.MonkeyPatch], object]] = {
    "nothing": lambda model, _: None,
    "an equal text": no_change,
    "a number": lambda model, _: setattr(model.inner, "scale", 4.0),
    "a list": lambda model, _: model.inner.sizes.append(3),
    "a tensor in place": lambda model, _: model.inner.loose.mul_(3),
    "another tensor": lambda model, _: setattr(model.inner, "loose", torch.full((4,), 5.0)),
    "a parameter": lambda model, _: setattr(model.inner.fc, "weight", nn.Parameter(torch.ones(4, 4))),
    "a module more": lambda model, _: model.add_module("extra", nn.Tanh()),
    "another module": lambda model, _: setattr(model.inner, "fc", nn.Linear(4, 4, bias=False)),
    "another dtype": lambda model, _: model.double(),
    "one part in training mode": lambda model, _: model.inner.drop.train(),
    "a default": other_default,
    "the code": other_code,
    "a hook": lambda model, _: model.inner.register_forward_hook(lambda module, args, result: result + 1),
}


@pytest.mark.filterwarnings("ignore::scriptkit.errors.ScriptkitWarning")
@pytest.mark.parametrize("what", CHANGES)
def test_a_traced_module_follows_its_changes(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Outer().eval()
    compiled = scriptkit.compile(model, (X,), modes={"": "trace"})
    assert {row.mode for row in scriptkit.report(compiled).rows} == {"trace"}
    CHANGES[what](model, monkeypatch)
    x = X.double() if what == "another dtype" else X
    with scriptkit.eager():
        expected = copy.deepcopy(model)(x)
    torch.testing.assert_close(compiled(x), expected)


def test_an_attribute_that_is_gone_is_told_as_by_python() -> None:
    model = Outer().eval()
    compiled = scriptkit.compile(model, (X,), modes={"": "trace"})
    del model.inner.scale
    with pytest.raises(Exception, match="scale"):
        compiled(X)
    model.inner.scale = 2.0
    with scriptkit.eager():
        expected = model(X)
    torch.testing.assert_close(compiled(X), expected)
