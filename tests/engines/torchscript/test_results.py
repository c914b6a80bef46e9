"""Results arrive in the types the user declared, wherever in the result they stand."""

from typing import Any

import pytest
import torch
from torch import Tensor

from scriptkit import ScriptableModule
from tests.engines.torchscript.result_types import Box, Outer, Point
from tests.scenarios.comparing import assert_same, twins
from tests.scenarios.test_running import batch
from tests.scenarios.watching import run_compiled


class Maybe(ScriptableModule):
    def forward(self, x: Tensor) -> Point | None:
        if x.size(0) > 2:
            return Point(x, None)
        return None


class Several(ScriptableModule):
    def forward(self, x: Tensor) -> list[Point]:
        return [Point(x, x), Point(x)]


class ByName(ScriptableModule):
    def forward(self, x: Tensor) -> dict[str, Point]:
        return {"a": Point(x, x)}


class InATuple(ScriptableModule):
    def forward(self, x: Tensor) -> tuple[Point, int, list[Point] | None]:
        return Point(x, x), 3, [Point(x)]


class Nested(ScriptableModule):
    def forward(self, x: Tensor) -> Outer:
        return Outer(Point(x), 3)


class Plain(ScriptableModule):
    def forward(self, x: Tensor) -> tuple[dict[str, list[int]], list[tuple[int, str]]]:
        return {"a": [x.size(0)]}, [(1, "b")]


class Objects(ScriptableModule):
    def forward(self, x: Tensor) -> Box:
        return Box(x, 3)


@pytest.mark.parametrize("cls", [Maybe, Several, ByName, InATuple, Nested, Plain])
def test_named_tuples_arrive_as_such(cls: type[ScriptableModule]) -> None:
    net, plain = twins(cls)
    for rows in (8, 2):
        assert_same(run_compiled(net, batch(rows, 4)), plain(batch(rows, 4)))


def test_objects_of_script_classes_arrive_as_objects_of_the_class() -> None:
    made: Any = run_compiled(Objects(), batch())
    assert type(made) is type(Box(batch(), 3))
    assert_same((made.t, made.n), (batch(), 3))
    assert torch.equal(made.doubled(), batch() * 2)
