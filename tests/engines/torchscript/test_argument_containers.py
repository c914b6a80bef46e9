"""A list or dictionary of the caller's that compiled code would change: the call runs as Python, and says so."""

import copy
import warnings
from typing import Any

import pytest
import torch
from torch import Tensor

from scriptkit import ScriptableModule
from scriptkit.errors import ScriptkitEagerWarning
from tests.scenarios.comparing import assert_same, twins


class ItemsOfADictionary(ScriptableModule):
    def forward(self, xs: dict[str, list[Tensor]]) -> Tensor:
        for _, v in xs.items():  # noqa: PERF102 - the pairs are the point
            v.append(torch.ones(1))
        return torch.ones(1)


class ValuesOfADictionary(ScriptableModule):
    def forward(self, xs: dict[str, list[Tensor]]) -> Tensor:
        for v in xs.values():
            v.append(torch.ones(1))
        return torch.ones(1)


class HandedOnByALoop(ScriptableModule):
    def forward(self, xs: list[Tensor], ys: list[Tensor], n: int) -> Tensor:
        zs = ys
        for _ in range(n):
            zs.append(torch.ones(1))
            zs = xs
        return torch.stack(zs).sum()


class WhatALoopLeaves(ScriptableModule):
    def forward(self, xs: list[Tensor], n: int) -> Tensor:
        zs: list[Tensor] = []
        for _ in range(n):
            zs = xs
        zs.append(torch.ones(1))
        return torch.stack(zs).sum()


class ChosenByABranch(ScriptableModule):
    def forward(self, xs: list[int], ys: list[int], first: bool) -> int:
        chosen = ys
        if first:
            chosen = xs
        chosen.append(1)
        return len(chosen)


class InsideACopy(ScriptableModule):
    def forward(self, xs: list[list[int]]) -> int:
        zs = list(xs)
        zs[0].append(1)
        return len(zs[0])


class InsideANewList(ScriptableModule):
    def forward(self, xs: list[int], ys: list[int]) -> int:
        both = [xs, ys]
        n = 0
        for one in both:
            one.append(3)
            n += len(one)
        return n


class PutIntoADictionary(ScriptableModule):
    def forward(self, xs: list[int]) -> int:
        kept: dict[str, list[int]] = {}
        kept["a"] = xs
        kept["a"].append(2)
        return len(kept["a"])


class Appended(ScriptableModule):
    def forward(self, xs: list[int]) -> int:
        kept: list[list[int]] = []
        kept.append(xs)
        kept[0].append(2)
        return len(kept[0])


class InsideAnExtendedList(ScriptableModule):
    def forward(self, xs: list[list[int]]) -> int:
        kept: list[list[int]] = []
        kept.extend(xs)
        kept[0].append(2)
        return len(kept[0])


class TheDefault(ScriptableModule):
    def forward(self, d: dict[str, list[int]], xs: list[int]) -> int:
        got = d.get("a", xs)
        got.append(2)
        return len(got)


class KeptByTheModule(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.kept: list[int] = []

    def forward(self, xs: list[int]) -> int:
        self.kept = xs
        self.kept.append(4)
        return len(self.kept)


class Repeated(ScriptableModule):
    def forward(self, xs: list[int]) -> int:
        xs *= 2
        return len(xs)


class InATuple(ScriptableModule):
    def forward(self, p: tuple[list[int], list[int]]) -> int:
        a, b = p
        q = (b, a)
        c, _ = q
        c.append(1)
        return len(c)


class Popped(ScriptableModule):
    def forward(self, d: dict[str, list[int]]) -> int:
        e = dict(d)
        _, v = e.popitem()
        v.append(1)
        return len(v)


class APartAfterAnotherWasCopied(ScriptableModule):
    def forward(self, xs: list[list[int]]) -> int:
        kept: list[int] = []
        kept.extend(xs[0])  # the walk from `xs[1]` comes here, and from here to `xs` again
        other = xs[1]
        other.append(3)
        return len(kept)


class CopiesGrow(ScriptableModule):
    def forward(self, xs: list[Tensor]) -> Tensor:
        zs = list(xs)
        zs.append(torch.ones(1))
        ws = xs[:]
        ws.append(torch.ones(1))
        vs = xs + ws
        vs.append(torch.ones(1))
        return torch.stack(vs).sum()


class ACopyOfAPartGrows(ScriptableModule):
    def forward(self, xs: list[list[int]]) -> int:
        zs = xs[0][:]
        zs.append(1)
        return len(zs)


class ANewListGrows(ScriptableModule):
    def forward(self, xs: list[int], ys: list[int]) -> int:
        both = [xs, ys]
        both.append([1])
        n = 0
        for one in both:
            n += len(one)
        return n


class ASortedListGrows(ScriptableModule):
    def forward(self, xs: list[int]) -> int:
        ys = sorted(xs)
        ys.append(1)
        return len(ys)


class OwnListRepeated(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.kept: list[int] = [1, 2]

    def forward(self, x: Tensor) -> int:
        kept = self.kept
        kept *= 2
        return len(self.kept)


def tensors(count: int) -> list[Tensor]:
    return [torch.full((1,), float(number)) for number in range(count)]


CHANGES: list[tuple[type[ScriptableModule], tuple[Any, ...]]] = [
    (ItemsOfADictionary, ({"a": tensors(1)},)),
    (ValuesOfADictionary, ({"a": tensors(1)},)),
    (HandedOnByALoop, (tensors(2), tensors(3), 3)),
    (WhatALoopLeaves, (tensors(2), 3)),
    (ChosenByABranch, ([1], [2], True)),
    (InsideACopy, ([[1], [2]],)),
    (InsideANewList, ([1], [2])),
    (PutIntoADictionary, ([1],)),
    (Appended, ([1],)),
    (InsideAnExtendedList, ([[1], [2]],)),
    (TheDefault, ({"b": [1]}, [3])),
    (KeptByTheModule, ([1],)),
    (Repeated, ([1],)),
    (InATuple, (([1], [2]),)),
    (Popped, ({"a": [1]},)),
    (APartAfterAnotherWasCopied, ([[1], [2]],)),
]
LEAVES_ALONE: list[tuple[type[ScriptableModule], tuple[Any, ...]]] = [
    (CopiesGrow, (tensors(2),)),
    (ACopyOfAPartGrows, ([[1], [2]],)),
    (ANewListGrows, ([1], [2])),
    (ASortedListGrows, ([2, 1],)),
    (OwnListRepeated, (torch.ones(1),)),
]


@pytest.mark.parametrize(("cls", "arguments"), CHANGES)
def test_what_changes_in_the_callers_hands_changes_as_in_python(
    cls: type[ScriptableModule], arguments: tuple[Any, ...]
) -> None:
    net, plain = twins(cls)
    given, expected = copy.deepcopy(arguments), copy.deepcopy(arguments)
    with pytest.warns(ScriptkitEagerWarning, match="changes its argument"):
        result = net(*given)
    assert_same(result, plain(*expected))
    assert_same(given, expected)
    assert str(given) != str(arguments)


@pytest.mark.parametrize(("cls", "arguments"), LEAVES_ALONE)
def test_a_module_that_changes_only_what_it_made_runs_compiled(
    cls: type[ScriptableModule], arguments: tuple[Any, ...]
) -> None:
    net, plain = twins(cls)
    given = copy.deepcopy(arguments)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ScriptkitEagerWarning)
        assert_same(net(*given), plain(*arguments))
    assert_same(given, arguments)
    assert_same(getattr(net, "kept", None), getattr(plain, "kept", None))
