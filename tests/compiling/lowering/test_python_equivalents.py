"""Functions of C that lowering evaluates as Python: `itertools`, `filter`, `divmod`, `max` with a key and its like."""

from __future__ import annotations

import itertools
import operator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from scriptkit.compiling.lowering import lower
from scriptkit.compiling.lowering.calling.python_equivalents import equivalent_of, gives_an_iterator
from scriptkit.compiling.lowering.lowered import LoweringError


def odd(number: int) -> int:
    return number % 2


SAMPLES: dict[Any, list[tuple[tuple[Any, ...], dict[str, Any]]]] = {
    divmod: [((7, 2), {}), ((-7, 2), {})],
    filter: [((lambda v: v > 1, [0, 1, 2, 3]), {}), ((None, [0, 1, 2]), {})],
    max: [(([3, 1, 2],), {"key": operator.neg}), ((3, 1, 2), {"key": abs})],
    min: [(([3, 1, 2, 1],), {"key": operator.neg}), ((3, 1, 2), {"key": abs})],
    sorted: [(([3, 1, 2, 4],), {"key": odd}), (([3, 1, 2, 4],), {"key": odd, "reverse": True})],
    itertools.accumulate: [
        (([1, 2, 3],), {}),
        (([1, 2, 3], operator.mul), {}),
        (([1, 2],), {"initial": 5}),
        (([],), {}),
    ],
    itertools.chain: [(([1], (2, 3), []), {})],
    itertools.chain.from_iterable: [(([[1], [2, 3]],), {})],
    itertools.combinations: [(([1, 2, 3, 4], 2), {}), (([1, 2], 3), {}), (([1, 2], 0), {})],
    itertools.combinations_with_replacement: [(([1, 2, 3], 2), {})],
    itertools.compress: [(([1, 2, 3], [1, 0, 1]), {})],
    itertools.dropwhile: [((lambda v: v < 2, [1, 2, 1]), {}), ((lambda v: v < 9, [1, 2]), {})],
    itertools.filterfalse: [((lambda v: v > 1, [0, 1, 2]), {}), ((None, [0, 1]), {})],
    itertools.islice: [(([1, 2, 3, 4], 2), {}), (([1, 2, 3, 4], 1, None, 2), {})],
    itertools.pairwise: [(([1, 2, 3],), {}), (([1],), {})],
    itertools.permutations: [(([1, 2, 3],), {}), (([1, 2, 3], 2), {})],
    itertools.product: [(([1, 2], [3, 4]), {}), (([1, 2],), {"repeat": 2}), ((), {})],
    itertools.repeat: [((1, 3), {})],
    itertools.starmap: [((operator.add, [(1, 2), (3, 4)]), {})],
    itertools.takewhile: [((lambda v: v < 2, [1, 2, 1]), {})],
    itertools.zip_longest: [(([1, 2], [3]), {}), (([1, 2], [3]), {"fillvalue": 0})],
}


@pytest.mark.parametrize("function", list(SAMPLES), ids=lambda f: f.__name__)
def test_the_python_does_what_the_function_does(function: Any) -> None:
    for args, kwargs in SAMPLES[function]:
        same = equivalent_of(function, kwargs)
        assert same is not None
        expected = function(*args, **kwargs)
        assert same(*args, **kwargs) == (list(expected) if gives_an_iterator(function) else expected)


def test_groups_are_lists() -> None:
    same = equivalent_of(itertools.groupby, {})
    assert same is not None
    assert same([1, 1, 2, 1]) == [(1, [1, 1]), (2, [2]), (1, [1])]
    assert same("aB", key=str.lower) == [("a", ["a"]), ("b", ["B"])]


class Uses(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(3, 3), nn.Linear(3, 3, bias=False), nn.Linear(3, 3)])
        self.last = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        whole, rest = divmod(x.size(0), 2)
        for layer in itertools.chain(filter(lambda part: part.bias is not None, self.layers), [self.last]):
            x = layer(x)
        for i, j in itertools.product(range(2), repeat=2):
            x = x + i * j
        longest = max([x, x * 2], key=lambda t: t.size(0))
        least = min([x.size(0), x.size(1), 4], key=lambda size: -size)
        return longest * whole + rest + least


def test_they_follow_the_sizes_of_the_run() -> None:
    module = Uses().eval()
    lowered = lower(module, (torch.rand(3, 3),))
    for rows in (3, 1, 6):
        x = torch.rand(rows, 3)
        torch.testing.assert_close(lowered.run(x), module(x))


class WalksTwice(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        numbers = itertools.chain([1, 2], [3])
        first = sum(numbers)
        return x * first + sum(numbers)


class SortsByRun(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * sorted([x.size(0), x.size(1)], key=lambda size: -size)[1]


class RepeatsForever(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        for scale, _ in zip(itertools.repeat(2.0), range(3), strict=False):
            x = x * scale
        return x


@pytest.mark.parametrize(
    ("cls", "why"),
    [
        (WalksTwice, "an iterator that was walked before is walked again"),
        (SortsByRun, "`sorted` by keys known only at run time"),
        (RepeatsForever, "a built-in function is called in a form that is not lowered"),
    ],
)
def test_what_cannot_be_said_is_refused(cls: type[nn.Module], why: str) -> None:
    with pytest.raises(LoweringError) as caught:
        lower(cls(), (torch.rand(2, 3),))
    assert why in str(caught.value)
