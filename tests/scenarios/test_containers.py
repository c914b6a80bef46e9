"""Nested containers as state: changed in place from both sides."""

import pytest
import torch
from torch import Tensor

from scriptkit import ScriptableModule
from tests.scenarios.comparing import assert_same, assert_same_state, twins
from tests.scenarios.watching import run_compiled


class Nested(ScriptableModule):
    """Containers within containers, and tensors in them."""

    table: dict[str, list[int]]
    grid: list[list[float]]
    memory: list[Tensor]

    def __init__(self) -> None:
        super().__init__()
        self.table = {"a": [1, 2], "b": [3]}
        self.grid = [[1.0], [2.0, 3.0]]
        self.memory = [torch.ones(2), torch.zeros(2)]

    def forward(self, x: Tensor) -> Tensor:
        for row_ in self.grid:
            for value in row_:
                x = x + value
        for key, values in self.table.items():
            for number in values:
                x = x + number * len(key)
        for tensor in self.memory:
            x = x + tensor
        return x


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda m: m.table["a"].append(7), id="list in a dict"),
        pytest.param(lambda m: m.grid[1].__setitem__(0, 9.0), id="list in a list"),
        pytest.param(lambda m: m.table.update(ccc=[1]), id="new key"),
        pytest.param(lambda m: m.memory[0].add_(1), id="tensor written in place"),
        pytest.param(lambda m: m.memory.__setitem__(0, torch.full((2,), 4.0)), id="tensor replaced"),
        pytest.param(lambda m: m.memory.append(torch.ones(2)), id="tensor appended"),
        pytest.param(lambda m: m.memory.reverse(), id="equal lengths, other order"),
        pytest.param(lambda m: m.memory.__setitem__(1, torch.full((2,), float("nan"))), id="not a number"),
    ],
)
def test_nested_containers_changed_in_place_from_python(change: object) -> None:
    assert callable(change)
    net, plain = twins(Nested)
    x = torch.zeros(2)
    assert_same(run_compiled(net, x), plain(x))
    change(net)
    change(plain)
    assert_same(run_compiled(net, x), plain(x))
    assert_same_state(net, plain)
    assert_same(run_compiled(net, x), plain(x))


class Remembers(ScriptableModule):
    """Compiled code writes nested containers and lists of tensors."""

    memory: list[Tensor]
    table: dict[str, list[int]]

    def __init__(self) -> None:
        super().__init__()
        self.memory = []
        self.table = {"a": [0]}

    def forward(self, x: Tensor) -> Tensor:
        self.memory.append(x)
        self.table["a"].append(len(self.memory))
        return torch.stack(self.memory).sum(0) + self.table["a"][-1]


def test_nested_containers_written_by_compiled_code() -> None:
    net, plain = twins(Remembers)
    for step in range(3):
        x = torch.full((2,), float(step))
        assert_same(run_compiled(net, x), plain(x))
        assert_same_state(net, plain)
    for model in (net, plain):
        model.memory.clear()
        model.table["a"][0] = 5
    assert_same(run_compiled(net, x), plain(x))
    assert_same_state(net, plain)


def test_what_compiled_code_wrote_before_it_raised_is_kept() -> None:
    net, plain = twins(Fails)
    for model in (net, plain):
        with pytest.raises(ValueError, match="negative"):
            model(-torch.ones(1))
    assert net.calls == plain.calls == 1
    assert_same(run_compiled(net, torch.ones(1)), plain(torch.ones(1)))
    assert_same_state(net, plain)


class Fails(ScriptableModule):
    calls: int

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        if bool((x < 0).any()):
            raise ValueError("negative")
        return x * self.calls
