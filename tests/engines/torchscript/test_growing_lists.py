"""A loop over a list that grows goes on to the end of the list, as in Python."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from scriptkit import ScriptableModule


class Worklist(ScriptableModule):
    def forward(self, given: list[int]) -> int:
        todo = list(given)
        count = 0
        for n in todo:
            count += 1
            if n % 7 == 3:
                continue
            if n > 100:
                break
            if n > 0:
                todo.append(n - 1)
        return count


class Enumerated(ScriptableModule):
    def forward(self, given: list[int]) -> int:
        todo = list(given)
        total = 0
        for i, n in enumerate(todo):
            total += i * n
            if n > 0:
                todo += [n - 1]
        return total


class Rebound(ScriptableModule):
    def forward(self, given: list[int]) -> int:
        todo = list(given)
        count = 0
        for n in todo:
            count += 1
            if n > 2:
                todo.append(n - 1)
            else:
                todo = [7, 7]
        return count + len(todo)


class Nested(ScriptableModule):
    todo: list[int]

    def __init__(self) -> None:
        super().__init__()
        self.todo = [2, 1]

    def forward(self, x: Tensor) -> Tensor:
        for n in self.todo:
            for m in self.todo:
                x = x + m
                if len(self.todo) < 9:
                    self.todo.append(n)
        return x


class Shrinking(ScriptableModule):
    def forward(self, given: list[int]) -> int:
        todo = list(given)
        total = 0
        for n in todo:
            total += n
            todo.pop()
        return total + len(todo)


class Zipped(ScriptableModule):
    def forward(self, given: list[int]) -> int:
        todo, others = list(given), list(given)
        total = 0
        for n, other, _ in zip(todo, others, given[:4]):  # noqa: B905 - the lengths change
            total += n * other
            others.pop(0)
            if n > 5:
                todo.append(1)
        return total + len(todo)


@pytest.mark.parametrize("cls", [Worklist, Enumerated, Rebound, Shrinking, Zipped])
@pytest.mark.parametrize("todo", [[], [0], [4], [9, 2], [101, 5], [3, 3]])
def test_every_item_is_walked(cls: type[ScriptableModule], todo: list[int]) -> None:
    net = cls()
    assert net(list(todo)) == net.eager(list(todo))


def test_a_list_in_an_attribute() -> None:
    net, other = Nested(), Nested()
    assert torch.equal(net(torch.zeros(1)), other.eager(torch.zeros(1)))
    assert net.todo == other.todo
