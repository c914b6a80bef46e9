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


class Powers(ScriptableModule):
    """Called with `a`, `b`, `i` and `j`."""

    @export
    def power(self, a: float, b: float, i: int, j: int) -> float:
        return float(a**b)

    @export
    def power_of_int(self, a: float, b: float, i: int, j: int) -> float:
        return float(i**b)

    @export
    def whole_power(self, a: float, b: float, i: int, j: int) -> float:
        return float(a**j)

    @export
    def whole_power_of_int(self, a: float, b: float, i: int, j: int) -> float:
        return float(i**j)

    @export
    def power_of_math(self, a: float, b: float, i: int, j: int) -> float:
        return math.pow(a, b)

    @export
    def factorial(self, a: float, b: float, i: int, j: int) -> int:
        return math.factorial(i)

    @export
    def up(self, a: float, b: float, i: int, j: int) -> int:
        return math.ceil(a)

    @export
    def down(self, a: float, b: float, i: int, j: int) -> int:
        return math.floor(a)

    @export
    def shifted_up(self, a: float, b: float, i: int, j: int) -> int:
        return i << j

    @export
    def shifted_down(self, a: float, b: float, i: int, j: int) -> int:
        return i >> j

    @export
    def nearest(self, a: float, b: float, i: int, j: int) -> float:
        return float(round(a))

    @export
    def scaled(self, a: float, b: float, i: int, j: int) -> float:
        return math.ldexp(a, i)

    @export
    def logarithms(self, a: float, b: float, i: int, j: int) -> float:
        return math.log(a, b)

    @export
    def logarithms_of_int(self, a: float, b: float, i: int, j: int) -> float:
        return math.log(i, b)

    @export
    def logarithms_to_int(self, a: float, b: float, i: int, j: int) -> float:
        return math.log(a, j)

    @export
    def logarithms_of_ints(self, a: float, b: float, i: int, j: int) -> float:
        return math.log(i, j)

    @export
    def gamma(self, a: float, b: float, i: int, j: int) -> float:
        return math.lgamma(a)

    @export
    def gamma_of_int(self, a: float, b: float, i: int, j: int) -> float:
        return math.lgamma(i)


FOUR_NUMBERS = [
    (0.0, -1.0, 0, -1), (0.0, -0.5, 25, 3), (-8.0, 0.5, -1, 2), (1e308, 10.0, 100, 2), (math.inf, 0.0, -100, -1),
    (math.nan, 1.0, 21, 64), (-0.0, -3.0, 20, 62), (2.5, -2.0, -7, 2), (-math.inf, 0.5, 19, 1), (0.5, 2.0, 3, 4),
    (3.5, 2.0, 10, 400), (-2.0, math.nan, 1, 1),
]  # fmt: skip
REFUSED_OTHERWISE = {"power_of_math": ZeroDivisionError, "power": ValueError, "power_of_int": ValueError}


def _of_four(form: Any, name: str, given: tuple[float, float, int, int]) -> Any:
    try:
        return getattr(form, name)(*given)
    except (ValueError, ArithmeticError, TypeError) as error:  # `float` takes no complex number
        return type(error)


def _fits(value: Any) -> bool:
    return not isinstance(value, complex) and (not isinstance(value, int) or -(2**63) <= value < 2**63)


@pytest.mark.parametrize("name", [name for name in vars(Powers) if not name.startswith("_")])
def test_numbers_that_compiled_code_does_not_have_are_refused(name: str) -> None:
    """Python has them: complex numbers and integers beyond 64 bits. A power of 0 is refused as the operator is."""
    net = Powers()
    for given in FOUR_NUMBERS:
        actual = _of_four(net, name, given)
        with scriptkit.eager():
            expected = _of_four(net, name, given)
        if isinstance(expected, type) or not _fits(expected):
            kinds = {expected, REFUSED_OTHERWISE.get(name), OverflowError}
            assert isinstance(actual, type), (given, expected, actual)
            assert actual in kinds, (given, expected, actual)
        else:
            assert type(actual) is type(expected)
            assert actual == pytest.approx(expected, rel=1e-12, abs=0, nan_ok=True), given
