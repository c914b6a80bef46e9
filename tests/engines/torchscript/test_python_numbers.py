"""Operators of numbers that TorchScript computes otherwise than Python, compiled and in the file."""

import io
import math

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule

NUMBERS = [7, -7, 0, 2**63 - 1, -(2**63)]
DIVISORS = [3, -3, 1, 2**63 - 1]


def remainder_of(a: int, b: int) -> int:
    return a % b


class Remainders(ScriptableModule):
    """Remainders by what is known at run time only: in a loop, in a branch, in a method, in a function."""

    def within(self, a: int, b: int) -> int:
        return a % b

    def forward(self, x: Tensor, a: int, b: int) -> tuple[Tensor, float, int, list[int]]:
        found = [self.within(a, b), remainder_of(a, b)]
        for step in range(2):
            if a > step:
                found.append((a - step) % b)  # noqa: PERF401
        return x % b, (a / 2.0) % 1.5, a % 4, found


class NotANumber(ScriptableModule):
    """The old way to ask for NaN."""

    def forward(self, f: float) -> tuple[bool, bool, bool]:
        return f != f, f == f, not f == f  # noqa: PLR0124, SIM201


class Extremes(ScriptableModule):
    """The larger and the smaller of two floats."""

    def forward(self, a: float, b: float, flag: bool) -> tuple[float, float, float]:
        larger = a
        if flag:
            larger = max(a, b)
        return larger, min(a, b), max(min(a, 1.0), b)


class Foreign(nn.Module):
    """Lowered, for its options."""

    def forward(self, x, b, **options):  # type: ignore[no-untyped-def]
        return x + x.size(0) % b.size(0)


def loaded(net: nn.Module) -> torch.jit.ScriptModule:
    file = io.BytesIO()
    torch.jit.save(scriptkit.to_torchscript(net), file)
    file.seek(0)
    made: torch.jit.ScriptModule = torch.jit.load(file)
    return made


@pytest.mark.parametrize("a", NUMBERS)
def test_a_remainder_is_pythons(a: int) -> None:
    net = Remainders()
    for b in DIVISORS:
        assert (
            net(torch.ones(1), a, b)[1:] == net.eager(torch.ones(1), a, b)[1:] == loaded(net)(torch.ones(1), a, b)[1:]
        )


def test_a_remainder_by_zero_raises_what_python_raises_and_ends_no_process() -> None:
    net = Remainders()
    with pytest.raises(ZeroDivisionError):
        net(torch.ones(1), 1, 0)
    with pytest.raises(RuntimeError, match="division by 0"):
        loaded(net)(torch.ones(1), 1, 0)


def test_a_remainder_by_zero_raises_in_lowered_code() -> None:
    net = scriptkit.compile(Foreign(), (torch.ones(3), torch.ones(2)))
    assert torch.equal(net(torch.ones(3), torch.ones(2)), torch.full((3,), 2.0))
    with pytest.raises(ZeroDivisionError):
        net(torch.ones(3), torch.ones(0))


@pytest.mark.parametrize("f", [math.nan, 1.0, math.inf])
def test_what_is_not_a_number_differs_from_itself(f: float) -> None:
    net = NotANumber()
    for _ in range(3):
        assert net(f) == net.eager(f) == loaded(net)(f)


@pytest.mark.parametrize("a", [math.nan, 1.0, 0.0, -0.0, -math.inf])
def test_the_larger_and_the_smaller_of_two_floats_are_pythons(a: float) -> None:
    net = Extremes()
    saved = loaded(net)
    for b in [math.nan, 2.0, 0.0, -0.0, math.inf]:
        expected = [str(number) for number in net.eager(a, b, flag=True)]
        assert [str(number) for number in net(a, b, flag=True)] == expected
        assert [str(number) for number in saved(a, b, flag=True)] == expected


class RemainderOf(nn.Module):
    def forward(self, x: Tensor, divisor: int) -> Tensor:
        return x + x.size(0) % divisor


class RoundTorchScript(nn.Module):
    """Lowered, for its options, round a part that is the user's TorchScript."""

    def __init__(self, part: torch.jit.ScriptModule) -> None:
        super().__init__()
        self.part = part

    def forward(self, x, **options):  # type: ignore[no-untyped-def]
        return self.part(x + 1, 2)


def test_what_was_torchscript_before_keeps_its_code() -> None:
    part = torch.jit.script(RemainderOf())
    before = str(part.graph)
    assert scriptkit.compile(RoundTorchScript(part), (torch.ones(3),))(torch.ones(3)).tolist() == [3.0] * 3
    assert str(part.graph) == before
