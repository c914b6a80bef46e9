"""After a loop that runs no round, what is written into a value that it carries is seen by all that hold the object."""

from __future__ import annotations

import ast
import io
import textwrap

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule
from scriptkit.engines.torchscript.lifting.without_a_round import keep_what_loops_leave


def moved(y: Tensor, ns: list[int]) -> Tensor:
    for n in ns:
        y = y + n
    return y


class WritesATensor(ScriptableModule):
    def forward(self, y: Tensor, ns: list[int]) -> tuple[Tensor, int]:
        for _ in ns:
            y = y.clone()
        y.mul_(2)
        return torch.zeros(1), 3


class ReadsTheOtherName(ScriptableModule):
    def forward(self, y: Tensor, ns: list[int]) -> tuple[Tensor, int]:
        start = torch.zeros(3)
        z = start
        for n in ns:
            z = z + n
        z.add_(1)
        return start + y, 3


class ShortensAList(ScriptableModule):
    def forward(self, y: Tensor, ns: list[int]) -> tuple[Tensor, int]:
        kept = [n + 1 for n in ns]
        tokens = kept
        while len(tokens) > 2:
            tokens = tokens[1:]
        tokens.append(7)
        return y + 0, len(kept)


class FillsADict(ScriptableModule):
    def forward(self, y: Tensor, ns: list[int]) -> tuple[Tensor, int]:
        table = {0: 1, 1: 2}
        other = table
        for n in ns:
            other = {key: value + n for key, value in other.items()}
        other[5] = 6
        return y + 0, len(table)


class CallsAFunction(ScriptableModule):
    def forward(self, y: Tensor, ns: list[int]) -> tuple[Tensor, int]:
        moved(y, ns).mul_(2)
        return torch.zeros(1), 3


class Part(ScriptableModule):
    def forward(self, y: Tensor, ns: list[int]) -> Tensor:
        for n in ns:
            y = y + n
        return y


class CallsAPart(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.part = Part()

    def forward(self, y: Tensor, ns: list[int]) -> tuple[Tensor, int]:
        self.part(y, ns).mul_(2)
        return torch.zeros(1), 3


class HandsToAFunction(ScriptableModule):
    def forward(self, y: Tensor, ns: list[int]) -> tuple[Tensor, int]:
        z = y
        for n in ns:
            z = z + n
        doubled(z)
        return torch.zeros(1), 3


def doubled(z: Tensor) -> None:
    z.mul_(2)


class MayBeNone(ScriptableModule):
    def forward(self, y: Tensor, ns: list[int]) -> tuple[Tensor, int]:
        z: Tensor | None = y
        for _ in ns:
            z = None
        if z is not None:
            z.add_(1)
        return torch.zeros(1), 3


class InALoop(ScriptableModule):
    def forward(self, y: Tensor, ns: list[int]) -> tuple[Tensor, int]:
        for _ in range(2):
            z = y
            for n in ns:
                z = z + n
            view = z[:2]
            view.add_(1)
        return torch.zeros(1), 3


class BoundInBranches(ScriptableModule):
    def forward(self, y: Tensor, ns: list[int]) -> tuple[Tensor, int]:
        if len(ns) > 9:
            raise ValueError
        if len(ns) > 3:
            z, _ = y.view(3), 1
        else:
            z = y
        for n in ns:
            z = z + n
        z[1:] += 1
        return torch.zeros(1), 3


MODELS = (
    BoundInBranches,
    WritesATensor,
    ReadsTheOtherName,
    ShortensAList,
    FillsADict,
    CallsAFunction,
    CallsAPart,
    HandsToAFunction,
    MayBeNone,
    InALoop,
)


@pytest.mark.parametrize("form", ["live", "file"])
@pytest.mark.parametrize("model", MODELS)
def test_a_write_after_the_loop_is_seen(model: type[ScriptableModule], form: str) -> None:
    module: nn.Module = model()
    if form == "file":
        scriptkit.save(module, file := io.BytesIO())
        file.seek(0)
        module = torch.jit.load(file)
    for ns in ([1, 2, 3, 4], [1], [], [], [5], []):
        expected, given = torch.tensor([3.0, -2.0, 1.0]), torch.tensor([3.0, -2.0, 1.0])
        with scriptkit.eager():
            result = model()(expected, list(ns))
        found = module(given, list(ns))
        assert torch.equal(found[0], result[0])
        assert found[1] == result[1]
        assert torch.equal(given, expected)


LEFT = {
    "a loop over modules": "for layer in self.layers:\n    x = layer(x)\nreturn x",
    "a state that nothing else holds": "h = torch.zeros(3)\nfor t in x:\n    h = self.cell(t, h)\nreturn h",
    "a count": "count = 0\nfor t in x:\n    count = count + 1\nreturn count",
    "a number": "while n > 1:\n    n = n // 2\nreturn n",
    "rounds in any case": "for _ in range(3):\n    x = x + 1\nx.add_(1)\nreturn x",
    "a value that is only read": "for t in ts:\n    x = x + t\nreturn x * 2",
}


@pytest.mark.parametrize("body", LEFT.values(), ids=LEFT.keys())
def test_other_loops_stay_as_they_are(body: str) -> None:
    [function] = ast.parse(f"def forward(self, x, ts, n: int):\n{textwrap.indent(body, '    ')}").body
    assert isinstance(function, ast.FunctionDef)
    before = ast.dump(function)
    keep_what_loops_leave(function)
    assert ast.dump(function) == before
