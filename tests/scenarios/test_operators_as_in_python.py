"""Operators that torch's compiler means otherwise than Python are put right: live, and in the file."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import pytest
import torch

import scriptkit
from scriptkit import ScriptableModule, export
from tests.rules.loading import load_file


class Numbers(ScriptableModule):
    def forward(self, a: int, b: int) -> float:
        return a / b

    @export
    def floats(self, a: float, b: float) -> float:
        return a / b

    @export
    def int_by_float(self, a: int, b: float) -> float:
        return a / b

    @export
    def float_by_int(self, a: float, b: int) -> float:
        return a / b

    @export
    def down(self, a: float, b: float) -> float:
        return a // b

    @export
    def rest(self, a: float, b: float) -> float:
        return a % b

    @export
    def whole(self, a: float, b: float) -> int:
        return int(a)

    @export
    def root(self, a: float, b: float) -> float:
        return math.sqrt(a)

    @export
    def root_of_int(self, a: int, b: int) -> float:
        return math.sqrt(a)

    @export
    def log(self, a: float, b: float) -> float:
        return math.log(a)

    @export
    def log_of_int(self, a: int, b: int) -> float:
        return math.log(a)


class Lists(ScriptableModule):
    kept: list[int]

    def __init__(self) -> None:
        super().__init__()
        self.kept = [3, 4]

    def forward(self, numbers: list[int]) -> list[int]:
        own = numbers[:]
        other = own
        own += other
        own.extend(own)
        own += [len(own)]
        return own

    @export
    def total(self, a: int, b: int) -> int:
        return sum([a, b])

    @export
    def doubled(self, times: int) -> int:
        for _ in range(times):
            self.kept.extend(self.kept)
        return sum(self.kept)

    @export
    def between(self, low: int, high: int) -> bool:
        return low < self.kept.pop() < high

    @export
    def four(self, number: int) -> bool:
        return number < self.kept.pop() <= self.kept.pop() != number


METHODS = [name for name in vars(Numbers) if not name.startswith("_")]


def loaded(module: ScriptableModule) -> torch.jit.ScriptModule:
    file = io.BytesIO()
    scriptkit.save(module, file)
    file.seek(0)
    return torch.jit.load(file)  # type: ignore[no-any-return]


def outcome(form: object, name: str, a: float, b: float) -> object:
    try:
        return form(a, b) if name == "forward" else getattr(form, name)(a, b)  # type: ignore[operator]
    except torch.jit.Error as error:
        return str(error).strip().splitlines()[-1].removeprefix("builtins.")
    except (ArithmeticError, ValueError) as error:
        return f"{type(error).__name__}: {error}"


@pytest.mark.parametrize("name", METHODS)
def test_numbers_raise_as_in_python(name: str) -> None:
    module, file = Numbers(), loaded(Numbers())
    is_int = {"forward": (int, int), "int_by_float": (int, float), "float_by_int": (float, int)}
    kinds = is_int.get(name, (int, int) if name.endswith("of_int") else (float, float))
    pairs: list[tuple[float, float]] = [(7, 2), (-7, 2), (7, 0), (0, 0), (-4, 1), (2**40, 3), (7, -2), (0, -3)]
    pairs += (
        [(math.inf, 2), (math.nan, 2), (1, math.inf), (-1, math.inf), (-0.0, 2), (1e15, 3), (7, -0.1)]
        if kinds == (float, float)
        else []
    )
    for pair in pairs:
        a, b = (kind(number) for kind, number in zip(kinds, pair, strict=True))
        with scriptkit.eager():
            expected = outcome(module, name, a, b)
        for form in (module, file):
            found = outcome(form, name, a, b)
            assert repr(found) == repr(expected), (name, a, b)


def test_a_list_extended_by_itself_holds_its_elements_twice() -> None:
    module, file = Lists(), loaded(Lists())
    for form in (module, file):
        assert form([1, 2]) == [1, 2] * 4 + [8]
        assert form.doubled(3) == 7 * 8


def test_large_numbers_are_summed_in_64_bits() -> None:
    for form in (Lists(), loaded(Lists())):
        assert form.total(2**40, 3) == 2**40 + 3
        assert form.total(-(2**62), 5) == 5 - 2**62


def test_what_stands_in_the_middle_of_a_chain_is_called_once() -> None:
    with scriptkit.eager():
        plain = Lists()
        expected = [plain.between(0, 5), plain.between(0, 3)]
    module, file = Lists(), loaded(Lists())
    for form in (module, file):
        assert [form.between(0, 5), form.between(0, 3)] == expected
        assert list(form.kept) == []
    module = Lists()
    assert module.four(1) is False
    assert module.kept == []


ENUMS = """
from enum import *


class Pool(Enum):
    MEAN = 1
    MAX = 2
"""
POOLED = """
from typing import Optional

from torch import Tensor

from scriptkit import ScriptableModule, export
from ENUMS import *


class Pooled(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.pool = Pool.MEAN

    def forward(self, x: Tensor, other: Pool, maybe: Optional[Pool] = None) -> list[bool]:
        own = [self.pool is Pool.MEAN, self.pool is not Pool.MAX, other is self.pool]
        return own + [maybe is other, other is not maybe]
"""


def test_members_of_an_enum_that_no_text_shows_are_compared_as_members(tmp_path: Path) -> None:
    enums, pooled = tmp_path / "enums_of_a_package.py", tmp_path / "pooled_by_an_enum.py"
    enums.write_text(ENUMS)
    pooled.write_text(POOLED.replace("ENUMS", enums.stem))
    members: Any = load_file(enums).Pool
    net: Any = load_file(pooled).Pooled()
    for other in members:
        for maybe in (None, *members):
            with scriptkit.eager():
                expected = net(torch.ones(1), other, maybe)
            assert net(torch.ones(1), other, maybe) == expected
    assert scriptkit.report(net).eager_calls == {}


class MixedNumbers(ScriptableModule):
    """Called with a float and an int."""

    @export
    def down(self, a: float, n: int) -> float:
        return a // n

    @export
    def down_of_int(self, a: float, n: int) -> float:
        return n // a

    @export
    def rest(self, a: float, n: int) -> float:
        return a % n

    @export
    def rest_of_int(self, a: float, n: int) -> float:
        return n % a


@pytest.mark.parametrize("name", [name for name in vars(MixedNumbers) if not name.startswith("_")])
def test_a_float_and_an_int_are_divided_as_python_divides_them(name: str) -> None:
    net = MixedNumbers()

    def outcome(a: float, n: int) -> str:
        try:
            return repr(getattr(net, name)(a, n))
        except ZeroDivisionError as error:
            return type(error).__name__

    for a in (0.0, -0.0, 1.5, -2.5, 1e300, math.inf, -math.inf, math.nan):
        for n in (0, 1, -2, 7, -7, 10**18):
            with scriptkit.eager():
                expected = outcome(a, n)
            assert outcome(a, n) == expected, (a, n)
