"""Named tuples under `from __future__ import annotations`, wherever a type names them."""

from __future__ import annotations

import io
from typing import NamedTuple

import pytest
import torch
from torch import Tensor

import scriptkit
from scriptkit import ScriptableModule


class Box(NamedTuple):
    corners: Tensor
    labels: list[int]
    score: float | None = None


class Found(NamedTuple):
    best: Box
    others: list[Box]


class InALocalName(ScriptableModule):
    def forward(self, x: Tensor) -> list[Box]:
        boxes: list[Box] = []
        for row in x:
            boxes.append(Box(row, [row.numel()]))  # noqa: PERF401 - the local name is what is tried
        return boxes


class InAnOptional(ScriptableModule):
    def forward(self, x: Tensor) -> Box | None:
        best: Box | None = None
        if bool(x.sum() > 0):
            best = Box(x, [1], 0.5)
        return best


class InAnAttribute(ScriptableModule):
    seen: dict[str, Box]

    def __init__(self) -> None:
        super().__init__()
        self.seen = {}

    def forward(self, x: Tensor) -> tuple[int, Box]:
        self.seen["last"] = Box(x, [len(self.seen)])
        return len(self.seen), self.seen["last"]


class InEachOther(ScriptableModule):
    def forward(self, x: Tensor) -> tuple[Found, list[Found]]:
        found = Found(Box(x, [1]), [Box(x + 1, []), Box(x + 2, [2])])
        every: list[Found] = [found]
        return found, every


class AsAnArgument(ScriptableModule):
    def forward(self, x: Tensor, given: list[Box] | None = None) -> Tensor:
        if given is not None:
            for box in given:
                x = x + box.corners
        return x


@pytest.mark.parametrize("cls", [InALocalName, InAnOptional, InAnAttribute, InEachOther, AsAnArgument])
def test_the_result_is_pythons(cls: type[ScriptableModule]) -> None:
    net, other, file = cls(), cls(), io.BytesIO()
    scriptkit.save(cls(), file)
    file.seek(0)
    loaded = torch.jit.load(file)
    for x in (torch.ones(2, 2), -torch.ones(1, 2)):
        with scriptkit.eager():
            expected = other(x)
        assert str(net(x)) == str(expected)
        assert str(loaded(x)) == str(expected)
    assert not scriptkit.report(net).eager_calls


def test_they_are_given_and_come_back_as_instances_of_their_classes() -> None:
    found, [again] = InEachOther()(torch.ones(2))
    assert [type(one) for one in (found, found.best, found.others[1], again, again.best)] == [
        Found,
        Box,
        Box,
        Found,
        Box,
    ]
    given = [Box(torch.ones(2), []), Box(torch.ones(2), [], 1.0)]
    assert torch.equal(AsAnArgument()(torch.ones(2), given), torch.full((2,), 3.0))
