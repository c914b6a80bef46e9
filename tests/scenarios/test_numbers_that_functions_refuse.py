"""Functions of `math` raise for numbers that they do not take, and give what Python gives for the others."""

from __future__ import annotations

import io
import math
from typing import Any

import pytest
import torch

import scriptkit
from scriptkit import ScriptableModule, export


class Functions(ScriptableModule):
    def forward(self, a: float, n: int) -> list[float]:
        return [math.acos(a), math.atanh(a), math.log10(a), math.log1p(a)]

    @export
    def angles(self, a: float, n: int) -> float:
        return math.sin(a) + math.asin(math.cos(a))

    @export
    def logarithm(self, a: float, n: int) -> float:
        return math.log10(n)

    @export
    def large(self, a: float, n: int) -> float:
        return math.exp(a) + math.expm1(a)

    @export
    def large_of_int(self, a: float, n: int) -> float:
        return math.sinh(n)

    @export
    def gamma(self, a: float, n: int) -> float:
        return math.gamma(a)

    @export
    def gamma_of_int(self, a: float, n: int) -> float:
        return math.gamma(n)

    @export
    def rest(self, a: float, n: int) -> float:
        return math.fmod(7.5, a)

    @export
    def rest_of_ints(self, a: float, n: int) -> float:
        return math.fmod(7, n)

    @export
    def down(self, a: float, n: int) -> int:
        return math.floor(a)

    @export
    def every(self, a: float, n: int) -> list[int]:
        return [1, 2, 3][::n]

    @export
    def read(self, a: float, n: int) -> int:
        return int(f"1{'x' if n < 0 else '2'}")


METHODS = [name for name in vars(Functions) if not name.startswith("_")]
NUMBERS = [(0.5, 3), (-1.0, -1), (0.0, 0), (2.5, 1000), (1000.0, -3), (math.inf, 1), (-math.inf, 2), (math.nan, 171)]


def _outcome(form: Any, name: str, a: float, n: int) -> object:
    try:
        return getattr(form, name)(a, n)
    except (ValueError, OverflowError) as error:
        return type(error), str(error).partition(" with ")[0]
    except (RuntimeError, torch.jit.Error) as error:  # of a file that torch runs
        return error


@pytest.mark.parametrize("name", METHODS)
def test_what_a_function_refuses_is_refused_by_compiled_code(name: str) -> None:
    net, file = Functions(), io.BytesIO()
    scriptkit.save(net, file)
    file.seek(0)
    loaded = torch.jit.load(file)
    for a, n in NUMBERS:
        with scriptkit.eager():
            expected = _outcome(net, name, a, n)
        found, from_file = _outcome(net, name, a, n), _outcome(loaded, name, a, n)
        if isinstance(expected, tuple):
            assert found == expected
            assert isinstance(from_file, (tuple, RuntimeError, torch.jit.Error))
        else:
            assert found == pytest.approx(expected, nan_ok=True)
            assert from_file == pytest.approx(expected, nan_ok=True)
