"""A foreign part that is called in several ways, and parts that `scriptkit.compile` made, inside of own modules."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule
from scriptkit.errors import NotLoweredError


class Attends(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.q, self.kv = nn.Linear(4, 4), nn.Linear(4, 8)

    def forward(self, x, context=None, mask=None, how="sum"):  # type: ignore[no-untyped-def]
        context = x if context is None else context
        k, v = self.kv(context).chunk(2, dim=-1)
        scores = self.q(x) @ k.transpose(1, 2)
        if mask is not None:
            scores = scores.masked_fill(~mask[:, None], -1e9)
        y = scores.softmax(-1) @ v
        return {"sum": y, "twice": y * 2}[how]


class InTwoWays(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.part: nn.Module = Attends()

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.part(x)
        z: Tensor = self.part(x, context=y, how="twice")
        masked: Tensor = self.part(z, mask=x[..., 0] > 0)
        return y + masked


class Maybe(InTwoWays):
    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        y: Tensor = self.part(x, mask=mask)
        return y


class UnderABranch(InTwoWays):
    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        if mask is not None:
            y: Tensor = self.part(x, None, mask)
        else:
            y = self.part(x)
        return y


def batch(rows: int = 2, length: int = 5) -> Tensor:
    return torch.randn(rows, length, 4)


def eager(net: nn.Module, *args: Any) -> Any:
    with scriptkit.eager():
        return net(*args)


def test_each_way_has_a_form(tmp_path: Path) -> None:
    net = InTwoWays()
    for x in (batch(), batch(3, 7)):
        torch.testing.assert_close(net(x), eager(net, x))
        net(x).sum().backward()
    net.save(tmp_path / "net.pt")
    x = batch(1, 3)
    torch.testing.assert_close(scriptkit.load(tmp_path / "net.pt")(x), eager(net, x))
    net.part.q = nn.Linear(4, 4)
    torch.testing.assert_close(net(x), eager(net, x))
    assert not scriptkit.report(net).eager_calls


@pytest.mark.parametrize("cls", [Maybe, UnderABranch])
@pytest.mark.parametrize("masked", [False, True])
def test_what_no_call_showed_raises_and_says_what_was_seen(cls: Any, masked: bool) -> None:
    net, x, mask = cls(), batch(), torch.ones(2, 5, dtype=torch.bool)
    shown, other = ((x, mask), (x,)) if masked else ((x,), (x, mask))
    torch.testing.assert_close(net(*shown), eager(net, *shown))
    with pytest.raises(NotLoweredError, match=r"seen called as \(x|lowered for mask = None"):
        net(*other)
    torch.testing.assert_close(net(*shown), eager(net, *shown))


class ForBoth(ScriptableModule):
    """The way out: a form for each way."""

    def __init__(self) -> None:
        super().__init__()
        part, mask = Attends(), torch.ones(2, 5, dtype=torch.bool)
        self.plain = scriptkit.compile(part, (batch(),))
        self.masked = scriptkit.compile(part, (batch(),), example_kwargs={"mask": mask})
        self.head = scriptkit.compile(nn.Linear(4, 4))

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        if mask is not None:
            y: Tensor = self.masked(x, mask=mask)
        else:
            y = self.plain(x)
        z: Tensor = self.head(y)
        return z


def test_compiled_parts_bring_their_forms(tmp_path: Path) -> None:
    net, x = ForBoth(), batch(3, 7)
    mask = torch.rand(3, 7) > 0.3
    assert scriptkit.report(net).rows[0].mode == "script"
    for args in ((x,), (x, mask)):
        torch.testing.assert_close(net(*args), eager(net, *args))
    net.save(tmp_path / "net.pt")
    for args in ((x,), (x, mask)):
        torch.testing.assert_close(scriptkit.load(tmp_path / "net.pt")(*args), eager(net, *args))
    assert len(list(net.parameters())) == 6


def test_compiled_parts_follow_their_modules() -> None:
    net, x = ForBoth(), batch()
    before = net(x)
    with torch.no_grad():
        net.plain.kv.weight.mul_(2)
    assert not torch.equal(net(x), before)
    torch.testing.assert_close(net(x), eager(net, x))
    copied = copy.deepcopy(net)
    torch.testing.assert_close(copied(x), eager(net, x))
    net.double()
    torch.testing.assert_close(net(x.double()), eager(net, x.double()))
    assert not scriptkit.report(net).eager_calls


def test_a_compiled_part_that_waits_is_compiled_for_what_it_gets() -> None:
    class Waiting(ScriptableModule):
        def __init__(self) -> None:
            super().__init__()
            self.part = scriptkit.compile(Attends())

        def forward(self, x: Tensor) -> Tensor:
            y: Tensor = self.part(x)
            return y

    net, x = Waiting(), batch()
    torch.testing.assert_close(net(x), eager(net, x))
    assert "pending" not in str(scriptkit.report(net))
