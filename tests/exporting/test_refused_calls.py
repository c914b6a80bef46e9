"""A call that an exported program does not take is refused with what it takes; so are sizes that are not there."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit.errors import ExportError


class Scaled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("w", torch.ones(4))

    def forward(self, x: Tensor, n: int, options: dict[str, Tensor] | None = None) -> Tensor:
        if n > 6:
            message = "too many"
            raise ValueError(message)
        if n < -20:
            message = "too few"
            raise ValueError(message)
        y = x * n + self.w
        return y if options is None else y + options["bias"]


class HalfOpen(nn.Module):
    def forward(self, x: Tensor, n: int) -> Tensor:
        return x * n if n < 10 else x


X = torch.ones(3, 4)
REFUSED: dict[str, tuple[Any, ...]] = {
    "'x' must be a tensor, and was 3.0": (3.0, 3),
    "'x' must have 2 dimensions, and had 1": (X[0], 3),
    "'x' must be float32, and was float64": (X.double(), 3),
    "'x' must be on cpu, and was on meta": (X.to("meta"), 3),
    "dimension 1 of 'x' is fixed at 4, and was 5": (torch.ones(3, 5), 3),
    "'n' must be a whole number, and was 3.5": (X, 3.5),
    "'n' must be a whole number, and was True": (X, True),
    "'n' must be at most 6, and was 9: the branch at test_refused_calls.py:": (X, 9),
    "'n' must be at least -20, and was -21: the branch at test_refused_calls.py:": (X, -21),
    "'options' is part of the program: it was exported with None": (X, 3, {"bias": X}),
    "missing a required argument: 'n'": (X,),
}


@pytest.fixture(scope="module")
def exported() -> scriptkit.ExportedModule:
    return scriptkit.export_program(Scaled().eval(), (X, 3), dynamic={"x": [0], "n": True})


@pytest.mark.parametrize("words", REFUSED)
def test_a_call_is_refused_with_what_the_program_takes(exported: Any, words: str) -> None:
    with pytest.raises(ExportError, match=re.escape(words)):
        exported(*REFUSED[words])


def test_a_file_says_the_same(exported: Any) -> None:
    stream = io.BytesIO()
    exported.save(stream)
    loaded = scriptkit.load(io.BytesIO(stream.getvalue()))
    assert torch.equal(loaded(X[:2], -3), Scaled()(X[:2], -3))
    for words, args in REFUSED.items():
        with pytest.raises(Exception, match=re.escape(words.partition(", and was")[0])):
            loaded(*args)


def test_it_stays_on_its_device_in_its_dtype(exported: Any) -> None:
    assert exported.to("cpu") is exported
    with pytest.raises(ExportError, match=r"stays on cpu in torch\.float32, which is part of it: move or convert"):
        exported.double()


def test_the_report_tells_between_what_a_number_lies(exported: Any) -> None:
    assert "'n' is bounded (-20 to 6): the branch at test_refused_calls.py:" in str(exported.report)
    half = scriptkit.export_program(HalfOpen(), (X, 3), dynamic={"n": True})
    assert "'n' is bounded (at most 9): the branch at test_refused_calls.py:" in str(half.report)
    assert torch.equal(half(X, -30), X * -30)


@pytest.mark.parametrize(
    ("dynamic", "words"),
    [
        ({"y": 0}, "`dynamic` names 'y', and the inputs are x, n"),
        ({"x": [5]}, "`dynamic` names dimension 5 of 'x', which is no dimension of that input: 5"),
        ({"n": 0}, "`dynamic` names dimension 0 of 'n', which is no dimension of that input: 0"),
    ],
)
def test_sizes_that_are_not_there_cannot_be_free(dynamic: dict[str, Any], words: str) -> None:
    with pytest.raises(ExportError, match=re.escape(words)):
        scriptkit.export_program(Scaled().eval(), (X, 3), dynamic=dynamic)
