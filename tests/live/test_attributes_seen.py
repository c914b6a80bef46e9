"""Whatever changes in the attributes of a tree shows later, and nothing else does."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from scriptkit.live.attributes_seen import AttributesSeen


class Settings:
    def __init__(self) -> None:
        self.count, self.names = 0, ["a"]


class WithoutLength(tuple[Any, ...]):
    """As classes of other people have it: a tuple that knows no length."""

    __slots__ = ()

    def __len__(self) -> int:
        raise NotImplementedError


class Holding(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.rate, self.nan, self.text, self.flags = 0.5, float("nan"), "text", [True, None]
        self.table: dict[str, Any] = {"a": [1, {"b": 2}], "none": {}}
        self.recent, self.kinds = deque([1, 2]), {1, 2}
        self.later: list[int] = []
        self.ordered: OrderedDict[str, int] = OrderedDict()
        self.settings, self.irregular = Settings(), WithoutLength((1, 2))
        self.inner = nn.Sequential(nn.Linear(2, 2))


CHANGES: dict[str, Callable[[Any], object]] = {
    "rebound": lambda m: setattr(m, "rate", 0.25),
    "another type": lambda m: setattr(m, "flags", [1, None]),
    "sign of zero": lambda m: setattr(m, "flags", [True, -0.0]),
    "deep": lambda m: m.table["a"][1].update(b=3),
    "filled": lambda m: m.later.append(1),
    "filled below": lambda m: m.table["none"].update(x=1),
    "filled in order": lambda m: m.ordered.update(x=1),
    "renamed": lambda m: m.table.update(c=m.table.pop("none")),
    "deque": lambda m: m.recent.append(3),
    "set": lambda m: m.kinds.add(3),
    "object": lambda m: setattr(m.settings, "count", 1),
    "in an object": lambda m: m.settings.names.append("b"),
    "mode": lambda m: m.inner[0].eval(),
    "new": lambda m: setattr(m, "more", 1),
    "gone": lambda m: delattr(m, "text"),
    "part": lambda m: m.inner.append(nn.ReLU()),
    "hook": lambda m: m.inner[0].register_forward_hook(print),
    "tensor": lambda m: setattr(m.inner[0], "weight", nn.Parameter(torch.ones(2, 2))),
    "another tuple": lambda m: setattr(m, "irregular", WithoutLength((1, 3))),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_change_shows(change: Callable[[Any], object]) -> None:
    module = Holding()
    seen = AttributesSeen(module)
    assert seen.are_unchanged()
    change(module)
    assert not seen.are_unchanged()


def test_what_is_written_as_it_was_does_not_show() -> None:
    module: Any = Holding()
    module.inner.__dict__["__cache__"] = 1
    seen = AttributesSeen(module)
    module.rate, module.nan, module.text, module.flags = float("0.5"), float("nan"), str(b"text", "utf-8"), [True, None]
    module.table = {"a": [1, {"b": 2}], "none": {}}
    module.irregular = WithoutLength((1, 2))
    module.inner.__dict__["__cache__"] = 2
    assert seen.are_unchanged()


def test_the_names_of_what_changed_are_told() -> None:
    module = Holding()
    seen = AttributesSeen(module)
    assert seen.changed() == set()
    module.rate = 2.0
    module.inner[0].eval()
    del module.text
    assert seen.changed() == {"rate", "text", "training"}


def test_attributes_of_compiled_code_show_as_well() -> None:
    class Counting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.count, self.names = 0, ["a"]

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.count += 1
            return x * len(self.names)

    form: Any = torch.jit.script(Counting())
    seen = AttributesSeen(form)
    assert seen.are_unchanged()
    form(torch.ones(1))
    assert not seen.are_unchanged()
