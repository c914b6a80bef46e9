"""A loop over a list that changes goes on to the end of the list, as in Python, live and in a file."""

from __future__ import annotations

import io

import pytest
import torch
from torch import Tensor

import scriptkit
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


class ThroughAnotherName(ScriptableModule):
    def forward(self, given: list[int]) -> int:
        todo = list(given)
        more = todo
        total = 0
        for n in todo:
            total += n
            if n > 0:
                more.append(n - 1)
        return total


def add_lower(items: list[int], n: int) -> int:
    if n > 0:
        items.append(n - 1)
    return n


class ByAFunction(ScriptableModule):
    def forward(self, given: list[int]) -> int:
        todo = list(given)
        total = 0
        for i, n in enumerate(todo):
            if n == 7:
                continue
            if n == 100:
                return total
            total += i * add_lower(todo, n)
        return total


class InAComprehension(ScriptableModule):
    def forward(self, given: list[int]) -> int:
        todo = list(given)
        return len([add_lower(todo, n) for n in todo])


class Cleared(ScriptableModule):
    def forward(self, given: list[int]) -> int:
        todo = list(given)
        total = 0
        for n, other in zip(given[:1] + [5, 5], todo):  # noqa: B905, RUF005 - the lengths change
            total += n * other
            if total > 5:
                todo.clear()
        return total


class InADictionary(ScriptableModule):
    def forward(self, given: list[int]) -> int:
        todo = {"a": list(given)}
        total = 0
        for n in todo["a"]:
            total += n
            if n > 0:
                todo["a"] += [n - 1]
        return total


class OnceAsked(ScriptableModule):
    """`range` asks once in Python, too."""

    def forward(self, given: list[int]) -> int:
        todo = list(given)
        for i in range(len(todo)):
            todo.append(todo[i])
        return len(todo)


CLASSES = [
    Worklist, Enumerated, Rebound, Shrinking, Zipped, ThroughAnotherName, ByAFunction, InAComprehension, Cleared,
    InADictionary, OnceAsked,
]  # fmt: skip


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("todo", [[], [0], [4], [9, 2], [101, 5], [3, 3]])
def test_every_item_is_walked(cls: type[ScriptableModule], todo: list[int]) -> None:
    net, file = cls(), io.BytesIO()
    scriptkit.save(net, file)
    file.seek(0)
    loaded = torch.jit.load(file)
    expected = [net.eager(list(todo)) for _ in range(3)]
    assert [net(list(todo)) for _ in range(3)] == expected
    assert [loaded(list(todo)) for _ in range(3)] == expected


class Seen(ScriptableModule):
    seen: list[int]

    def __init__(self) -> None:
        super().__init__()
        self.seen = [3, 1]

    def forward(self, x: Tensor) -> Tensor:
        if len(self.seen) < 9:
            self.seen.append(2)
        return x + 1


class WalksAChilds(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.child = Seen()

    def forward(self, x: Tensor) -> Tensor:
        for n, _ in zip(self.child.seen, [0] * 8):  # noqa: B905 - the lengths change
            x = self.child(x) * n
        return x


def test_a_list_of_a_part_that_its_calls_make_longer() -> None:
    net, other = WalksAChilds(), WalksAChilds()
    assert torch.equal(net(torch.zeros(1)), other.eager(torch.zeros(1)))
    assert net.child.seen == other.child.seen


def test_a_list_in_an_attribute() -> None:
    net, other = Nested(), Nested()
    assert torch.equal(net(torch.zeros(1)), other.eager(torch.zeros(1)))
    assert net.todo == other.todo
