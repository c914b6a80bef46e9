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
    assert "called as (x), (x, context, how='twice'), (x, mask)" in str(scriptkit.report(net))


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x, state=None):  # type: ignore[no-untyped-def]
        h, c = (torch.zeros_like(x[:, 0]),) * 2 if state is None else state
        for t in range(x.shape[1]):
            z = getattr(self, "fc")(x[:, t]) + h  # noqa: B009  # what TorchScript refuses
            c = torch.sigmoid(z) * c + torch.tanh(z)
            h = c * 0.5
        return h, (h, c)


class Streams(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.part = Recurrent()

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        y, after = self.part(x, state)
        return y, after


def with_mask(x: Tensor) -> tuple[Any, ...]:
    return x, torch.rand(x.shape[:2]) > 0.3


def with_state(x: Tensor) -> tuple[Any, ...]:
    return x, (torch.randn(len(x), 4), torch.randn(len(x), 4))


@pytest.mark.parametrize(("cls", "more"), [(Maybe, with_mask), (UnderABranch, with_mask), (Streams, with_state)])
@pytest.mark.parametrize("first", [False, True])
def test_a_way_that_no_call_showed_is_learned_from_the_first_that_does(
    cls: Any, more: Any, first: bool, tmp_path: Path
) -> None:
    net = cls()
    net(*more(batch())) if first else net(batch())

    for x in (batch(), batch(3, 7), batch(1, 2)):
        for args in (more(x), (x,)):
            torch.testing.assert_close(net(*args), eager(net, *args))
    assert not scriptkit.report(net).eager_calls
    net.save(tmp_path / "net.pt")
    for args in (more(batch(3, 4)), (batch(3, 4),)):
        torch.testing.assert_close(scriptkit.load(tmp_path / "net.pt")(*args), eager(net, *args))


def test_ways_are_learned_again_after_the_part_changed() -> None:
    net, x = Maybe(), batch()
    given = with_mask(x)
    for _ in range(2):
        net(x)
        net(*given)
    net.part.register_module("q", nn.Linear(4, 4))
    for args in ((x,), given, given, (x,)):
        torch.testing.assert_close(net(*args), eager(net, *args))
    net.double()
    for args in ((x.double(),), (x.double(), given[1])) * 2:
        torch.testing.assert_close(net(*args), eager(net, *args))
    assert not scriptkit.report(net).eager_calls


def test_who_holds_a_module_that_learned_a_way_has_it_too() -> None:
    class Outer(ScriptableModule):
        def __init__(self) -> None:
            super().__init__()
            self.inner = Maybe()

        def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
            y: Tensor = self.inner(x, mask)
            return y

    net, x = Outer(), batch()
    given = with_mask(x)
    for one in (net, net.inner, net, net.inner):
        for args in ((x,), given):
            torch.testing.assert_close(one(*args), eager(one, *args))


@pytest.mark.parametrize("cls", [Maybe, UnderABranch])
def test_a_file_raises_for_a_way_that_no_call_showed(cls: Any, tmp_path: Path) -> None:
    net, x = cls(), batch()
    net(x)
    net.save(tmp_path / "net.pt")
    loaded = scriptkit.load(tmp_path / "net.pt")

    torch.testing.assert_close(loaded(x), eager(net, x))
    with pytest.raises(torch.jit.Error, match=r"seen called as \(x\)|lowered for mask = None"):
        loaded(*with_mask(x))


class Contradicts(InTwoWays):
    """What it gives with a mask is no tensor, so that no one form can give both."""

    def __init__(self) -> None:
        super().__init__()
        self.part = GivesPairs()

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        y: Tensor = self.part(x, mask)
        return y


class GivesPairs(nn.Module):
    def forward(self, x, mask=None):  # type: ignore[no-untyped-def]
        return x * 2 if mask is None else [*(v for v in (x, mask))]


def test_what_cannot_be_learned_runs_as_python_and_is_counted() -> None:
    net, x = Contradicts(), batch()
    net(x)
    with scriptkit.eager():
        expected = net(*(given := with_mask(x)))
    net(*given)
    with pytest.warns(scriptkit.ScriptkitEagerWarning, match="no form for such a call"):
        torch.testing.assert_close(net(*given), expected)
    torch.testing.assert_close(net(x), x * 2)
    assert sum(scriptkit.report(net).eager_calls.values()) == 1


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


class Normalised(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc, self.bn = nn.Linear(4, 4), nn.BatchNorm1d(4)

    def forward(self, x, scale=None, **kwargs):  # type: ignore[no-untyped-def]
        y = self.bn(self.fc(x))
        return y if scale is None else y * scale


class Twice(InTwoWays):
    def __init__(self) -> None:
        super().__init__()
        self.part = Normalised()

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.part(x)
        z: Tensor = self.part(y, scale=x)
        return z


def test_parts_of_it_keep_their_own_training_mode_and_state() -> None:
    net = Twice()
    net.part.get_submodule("bn").eval()
    twin = copy.deepcopy(net)
    for frozen in (True, False, True):
        for one in (net, twin):
            one.part.get_submodule("bn").train(not frozen)
        x = torch.randn(6, 4)
        torch.testing.assert_close(net(x), eager(twin, x))
        torch.testing.assert_close(net.state_dict(), twin.state_dict())
