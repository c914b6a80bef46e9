"""Constructors that choose methods: `self.forward = self.forward_lstm` is compiled as it is called."""

from __future__ import annotations

import copy
import io
import pickle
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule, export
from scriptkit.errors import CompilationError, ScriptkitEagerWarning

X = torch.rand(2, 3)
REGISTRY: list[type] = []


class Exporter(ScriptableModule):
    def __init__(self, kind: str) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 3)
        self.register_buffer("state", torch.zeros(3))
        self.forward = self.forward_sum if kind == "sum" else self.forward_plain  # type: ignore[method-assign]
        self.reset = self.reset_state  # type: ignore[method-assign]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        REGISTRY.append(cls)

    def forward_sum(self, x: Tensor) -> Tensor:
        self.state += x.sum(0)
        return self.fc(x) + self.state

    def forward_plain(self, x: Tensor) -> Tensor:
        return self.fc(x) - self.state

    def forward(self, x: Tensor) -> Tensor:
        return x

    @export
    def reset(self) -> None:
        pass

    def reset_state(self) -> None:
        self.state.zero_()


class Foreign(nn.Module):
    def __init__(self, kind: str) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 3)
        self.register_buffer("state", torch.zeros(3))
        self.forward = self.forward_sum if kind == "sum" else self.forward_plain
        self.reset = self.reset_state  # type: ignore[method-assign]

    def forward_sum(self, x: Tensor) -> Tensor:
        self.state += x.sum(0)
        return self.fc(x) + self.state

    def forward_plain(self, x: Tensor) -> Tensor:
        return self.fc(x) - self.state

    @torch.jit.export
    def reset(self) -> None:
        pass

    def reset_state(self) -> None:
        self.state.zero_()


def as_python(net: Any, *calls: Tensor) -> list[Tensor]:
    with scriptkit.eager():
        return [net(x) for x in calls]


@pytest.mark.parametrize("kind", ["sum", "plain"])
def test_the_chosen_method_runs_compiled_and_is_in_the_file(kind: str) -> None:
    net = Exporter(kind)
    expected = as_python(copy.deepcopy(net), X, X)
    assert all(torch.equal(net(X), y) for y in expected)
    assert scriptkit.is_compiled(net)
    assert not scriptkit.report(net).eager_calls
    file = io.BytesIO()
    scriptkit.save(net, file)
    loaded = scriptkit.load(io.BytesIO(file.getvalue()))
    loaded.reset()
    assert torch.equal(loaded(X), expected[0])


@pytest.mark.parametrize("kind", ["sum", "plain"])
def test_a_compiled_foreign_module_calls_what_it_chose(kind: str) -> None:
    net = scriptkit.compile(Foreign(kind))
    assert torch.equal(net(X), as_python(copy.deepcopy(net), X)[0] if kind == "plain" else net.fc(X) + X.sum(0))
    net.reset()
    assert not net.state.any()
    assert scriptkit.report(net).rows[0].mode == "script"
    assert not scriptkit.report(net).eager_calls


def test_the_choice_may_change_later() -> None:
    net = Exporter("plain")
    net(X)
    net.forward = net.forward_sum  # type: ignore[method-assign]
    assert torch.equal(net(X), net.fc(X) + net.state)
    del net.forward
    assert torch.equal(net(X), X)
    assert not scriptkit.report(net).eager_calls


def test_hooks_run_round_it_and_leave_it_where_it_was() -> None:
    net = Exporter("sum")
    seen: list[Tensor] = []
    net.register_forward_hook(lambda _m, _x, y: seen.append(y))
    first, second = net(X), net(X)
    torch.testing.assert_close(second - first, X.sum(0).expand(2, 3))
    assert len(seen) == 2
    assert net.forward == net.forward_sum
    assert not scriptkit.report(net).eager_calls


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_copies_call_their_own(copied: Any) -> None:
    net = Exporter("sum")
    other = copied(net)
    other(X)
    assert other.state.any()
    assert not net.state.any()
    assert not scriptkit.report(other).eager_calls


def test_a_shallow_copy_calls_its_original_as_in_python() -> None:
    net = Exporter("sum")
    shallow = copy.copy(net)
    with pytest.warns(ScriptkitEagerWarning, match="`forward` was replaced"):
        shallow(X)
    with pytest.raises(CompilationError, match="its `forward` was replaced"):
        scriptkit.to_torchscript(shallow)


def test_nobody_hears_of_another_class() -> None:
    before = list(REGISTRY)
    Exporter("sum")(X)
    assert before == REGISTRY


class Act(ScriptableModule):
    """A method under a name of its own, in a part."""

    def __init__(self, *, is_smooth: bool) -> None:
        super().__init__()
        self.act = self.smooth if is_smooth else self.hard

    def smooth(self, x: Tensor) -> Tensor:
        return torch.tanh(x)

    def hard(self, x: Tensor) -> Tensor:
        return torch.relu(x)

    def forward(self, x: Tensor) -> Tensor:
        return self.act(x)


class Two(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = Act(is_smooth=True), Act(is_smooth=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.one(x) + self.two(x)


def test_a_bound_method_in_an_attribute_is_called() -> None:
    net = Two()
    x = torch.randn(2, 3)
    assert torch.equal(net(x), torch.tanh(x) + torch.relu(x))
    net.one.act = net.one.hard
    assert torch.equal(net(x), 2 * torch.relu(x))
    assert not scriptkit.report(net).eager_calls
