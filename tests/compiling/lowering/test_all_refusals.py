"""Everything that stands in the way of lowering is told at once, and nothing that only follows from it."""

from __future__ import annotations

import linecache
import time
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit.compiling.lowering import LoweringError

X = torch.linspace(-1, 1, 8).reshape(2, 4)


class Statements(nn.Module):
    """Refused statements one after the other; the lines that read what they set are right."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Tensor] = []
        self.count = 0

    def forward(self, x: Tensor, **_: Any) -> Tensor:
        now = time.time()  # refused
        later = now + 1
        x = x * later
        self.seen.append(X)  # refused
        self.count += 1  # refused
        y = X * time.monotonic()  # refused
        return x + y


class Arms(nn.Module):
    """One refusal in each arm that is taken, none for the one that is not, and the code after the branch."""

    def forward(self, x: Tensor, **_: Any) -> Tensor:
        if bool(x.sum() > -100):
            x = x + 1
            factor = time.time()  # refused
        else:
            factor = time.monotonic()
        y = x * factor
        if bool(x.sum() > 100):
            x = x + 2
            z = x * time.process_time()
        else:
            z = x * time.perf_counter()  # refused
        return y + z


class Returns(nn.Module):
    """The result of a function is unknown, the caller goes on."""

    def forward(self, x: Tensor, **_: Any) -> Tensor:
        factor = self.factor()
        y = x * factor
        z = x * time.monotonic()  # refused
        return y + z

    def factor(self) -> float:
        if self.training:
            return 1.0
        return time.time()  # refused


class Loops(nn.Module):
    """A refusal in an unrolled loop is told once, one in a loop that stays too."""

    def forward(self, x: Tensor, **_: Any) -> Tensor:
        for _i in range(3):
            x = x * time.time()  # refused
        y = X
        for _j in range(X.size(0)):
            y = y * time.monotonic()  # refused
        return x + y


class Inner(nn.Module):
    def __init__(self, source: nn.Module) -> None:
        super().__init__()
        self.source = source

    def forward(self, x: Tensor, **_: Any) -> Tensor:
        y: Tensor = self.source(x)
        return y * time.perf_counter()  # refused


class Nested(nn.Module):
    """What a submodule gives is known from the recorded run."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = Inner(Arms()), Inner(nn.Linear(4, 4))

    def forward(self, x: Tensor, **_: Any) -> Tensor:
        x = self.two(self.one(x))
        if x.dim() == 2:
            x = x * time.process_time()  # refused
        return x


def lines_refused(*classes: type) -> list[int]:
    """The lines of this file that are marked, in the bodies of some classes."""
    found = []
    inside = False
    for number, line in enumerate(linecache.getlines(__file__), 1):
        if line.startswith("class "):
            inside = line.split()[1].partition("(")[0] in {cls.__name__ for cls in classes}
        elif not line.startswith((" ", "\n")):
            inside = False
        if inside and line.rstrip().endswith("# refused"):
            found.append(number)
    return found


@pytest.mark.parametrize(
    ("model", "classes"),
    [
        (Statements(), [Statements]),
        (Arms(), [Arms]),
        (Returns(), [Returns]),
        (Loops(), [Loops]),
        (Nested(), [Nested, Inner, Arms]),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
def test_each_refused_line_is_told_once_and_no_other(model: nn.Module, classes: list[type]) -> None:
    with pytest.raises(LoweringError) as caught:
        scriptkit.compile(model.eval(), (X,), modes={"": "lowered"})
    found = [diagnostic.line for diagnostic in caught.value.diagnostics if diagnostic.path == __file__]
    assert sorted(found) == lines_refused(*classes)


def test_what_is_lowered_is_not_lowered_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    from scriptkit.compiling.plan import lowered

    def fail(*_: Any) -> None:
        raise AssertionError("obstacles were looked for")

    monkeypatch.setattr(lowered, "obstacles", fail)
    assert scriptkit.compile(nn.Linear(4, 4).eval(), (X,), modes={"": "lowered"}).is_compiled
