"""One predicate says whether a value is still the one that was seen; compiled code is as sharp as it."""

from __future__ import annotations

import math
import sys
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule
from scriptkit.watching.containers import is_unchanged, snapshot
from scriptkit.watching.sameness import holds, is_same, items_of

SCALE = 0.0


class Sum(int):
    """A type of its own that equals ints."""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (0.0, 0.0),
        (math.nan, float("nan")),
        (complex(0, math.nan), complex(0, math.nan)),
        (1, 1),
        ("a" * 300, "a" * 150 + "a" * 150),
        ((1, (2.5, "x")), (1, (2.5, "x"))),
        (torch.device("cpu"), torch.device("cpu")),
        (slice(1, 2.0), slice(1, 2.0)),
        (frozenset({1}), frozenset({1})),
    ],
)
def test_equal_values_are_the_same(one: Any, other: Any) -> None:
    assert is_same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (0.0, -0.0),
        ((0.0,), (-0.0,)),
        (complex(0.0, 0.0), complex(0.0, -0.0)),
        (1, True),
        (1, 1.0),
        (1, Sum(1)),
        (math.nan, 0.0),
        ([1], [1]),
        (torch.zeros(1), torch.zeros(1)),
        (slice(0, 1), slice(False, 1)),
    ],
)
def test_what_may_compute_something_else_is_not(one: Any, other: Any) -> None:
    assert not is_same(one, other)


def test_containers_are_compared_item_by_item() -> None:
    value = {"a": [0.0, math.nan], "b": (1, [2])}
    seen = snapshot(value)
    assert is_unchanged(value, seen)
    value["a"][0] = -0.0  # type: ignore[index]
    assert not is_unchanged(value, seen)
    assert holds([math.nan, 0.0], items_of([math.nan, 0.0]))
    assert not holds([0.0], items_of([-0.0]))


class ReadsGlobal(ScriptableModule):
    def forward(self, x: Tensor) -> Tensor:
        return 1 / torch.full_like(x, SCALE)


class ReadsAttributes(ScriptableModule):
    values: list[float]

    def __init__(self) -> None:
        super().__init__()
        self.values = [0.0]

    def forward(self, x: Tensor) -> Tensor:
        return 1 / torch.full_like(x, self.values[0])


class Foreign(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.scale = 0.0
        self.values = [0.0]

    def forward(self, x: Tensor) -> Tensor:
        return 1 / torch.full_like(x, self.scale) + 1 / torch.full_like(x, self.values[0])


def test_a_lifted_global_that_changes_its_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    net, x = ReadsGlobal(), torch.ones(2)
    assert torch.equal(net(x), torch.full((2,), math.inf))
    monkeypatch.setattr(_this_module(), "SCALE", -0.0)
    assert torch.equal(net(x), torch.full((2,), -math.inf))


def test_a_list_whose_item_changes_its_sign() -> None:
    net, x = ReadsAttributes(), torch.ones(2)
    assert torch.equal(net(x), torch.full((2,), math.inf))
    net.values[0] = -0.0
    assert torch.equal(net(x), torch.full((2,), -math.inf))


@pytest.mark.filterwarnings("ignore::scriptkit.ScriptkitEagerWarning")
@pytest.mark.parametrize("mode", ["script", "lowered", "trace"])
@pytest.mark.parametrize("changed", ["scale", "values"])
def test_an_attribute_of_a_compiled_foreign_module_that_changes_its_sign(mode: str, changed: str) -> None:
    x = torch.ones(2)
    net = scriptkit.compile(Foreign(), (x,), modes={"": mode})
    for _ in range(20):  # also once the quick check has taken over
        assert torch.equal(net(x), torch.full((2,), math.inf))
    if changed == "scale":
        net.scale = -0.0
    else:
        net.values[0] = -0.0
    assert torch.isnan(net(x)).all()


def _this_module() -> ModuleType:
    return sys.modules[__name__]
