"""A list or dictionary with two owners: Python has one, compiled code would have two, so Python runs and no file is."""

from __future__ import annotations

import io
import warnings

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule, export
from scriptkit.errors import CompilationError, ScriptkitEagerWarning


class Layer(ScriptableModule):
    losses: list[Tensor]

    def __init__(self, losses: list[Tensor]) -> None:
        super().__init__()
        self.losses = losses

    def forward(self, x: Tensor) -> Tensor:
        self.losses.append(x.mean())
        return x * 2


class Net(ScriptableModule):
    losses: list[Tensor]

    def __init__(self, shared: bool = True) -> None:
        super().__init__()
        self.losses = []
        self.layers = nn.ModuleList([Layer(self.losses if shared else []) for _ in range(2)])

    def forward(self, x: Tensor) -> tuple[Tensor, int]:
        self.losses.clear()
        for layer in self.layers:
            x = layer(x)
        return x, len(self.losses)


class Stored(ScriptableModule):
    first: list[int]
    second: list[int]

    def __init__(self) -> None:
        super().__init__()
        self.first = [1]
        self.second = [2]

    def forward(self, x: Tensor) -> int:
        self.second = self.first
        self.second.append(3)
        return len(self.first)


class StoredArgument(ScriptableModule):
    kept: list[int]

    def __init__(self) -> None:
        super().__init__()
        self.kept = [1]

    def forward(self, x: Tensor, items: list[int]) -> Tensor:
        self.kept = items
        return x

    @export
    def add(self, item: int) -> int:
        self.kept.append(item)
        return len(self.kept)


class Nested(ScriptableModule):
    rows: list[list[int]]

    def __init__(self) -> None:
        super().__init__()
        row = [1]
        self.rows = [row, row]

    def forward(self, x: Tensor) -> int:
        self.rows[0].append(2)
        return len(self.rows[1])


class OnlyRead(ScriptableModule):
    first: list[int]
    second: list[int]

    def __init__(self) -> None:
        super().__init__()
        self.first = self.second = [1]

    def forward(self, x: Tensor) -> Tensor:
        return x * len(self.first) + len(self.second)


X = torch.rand(3)


def test_a_list_of_parent_and_children_stays_one() -> None:
    net = Net()
    with pytest.warns(ScriptkitEagerWarning, match="`losses` and `layers.0.losses` hold one and the same container"):
        assert net(X)[1] == 2
    assert len(net.losses) == 2
    assert net.layers[0].losses is net.losses
    with pytest.raises(CompilationError, match="hold one and the same container"):
        scriptkit.save(net, io.BytesIO())


def test_lists_of_their_own_run_compiled() -> None:
    net = Net(shared=False)
    assert net(X)[1] == 0
    assert scriptkit.is_compiled(net)
    assert not scriptkit.report(net).eager_calls


def test_a_list_that_gets_a_second_owner_later_is_noticed() -> None:
    net = Net(shared=False)
    net(X)
    net.layers[1].losses = net.losses
    with pytest.warns(ScriptkitEagerWarning, match="`layers.1.losses`"):
        assert net(X)[1] == 1


def test_a_foreign_module_is_refused_with_the_cause() -> None:
    class Plain(nn.Module):
        first: list[int]
        second: list[int]

        def __init__(self) -> None:
            super().__init__()
            self.first = self.second = [1]

        def forward(self, x: Tensor) -> int:
            self.first.append(1)
            return len(self.second)

    with pytest.raises(CompilationError, match="`first` and `second` hold one and the same container"):
        scriptkit.compile(Plain(), (X,))


def test_a_container_that_compiled_code_stores_twice_stays_one() -> None:
    module = Stored()
    with pytest.warns(ScriptkitEagerWarning, match="keeps the container of `first` as `second` too"):
        assert module(X) == 2
    assert module.first is module.second
    with pytest.raises(CompilationError, match="keeps the container"):
        scriptkit.save(module, io.BytesIO())


def test_a_callers_list_that_is_stored_and_changed_is_the_callers() -> None:
    module, items = StoredArgument(), [5, 6]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ScriptkitEagerWarning)
        module(X, items)
        assert module.add(7) == 3
    assert items == [5, 6, 7]


def test_a_list_twice_in_a_list_stays_one() -> None:
    with pytest.warns(ScriptkitEagerWarning, match="`rows` holds twice one and the same container"):
        assert Nested()(X) == 2


def test_what_is_only_read_runs_compiled() -> None:
    module = OnlyRead()
    assert torch.equal(module(X), X + 1)
    assert not scriptkit.report(module).eager_calls
    scriptkit.save(module, io.BytesIO())
