"""What compiled code does with numbers where torch's operators raise nothing; compiled once, copied into graphs.

Python runs none of this.
"""

from __future__ import annotations

import math


def ints_divided(a: int, b: int) -> float:
    """`a / b`; torch gives infinity, or no number."""
    if b == 0:
        raise ZeroDivisionError("division by zero")
    return a / b


def floats_divided(a: float, b: float) -> float:
    """`a / b`; torch gives infinity, or no number."""
    if b == 0.0:
        raise ZeroDivisionError("float division by zero")
    return a / b


def int_by_float(a: int, b: float) -> float:
    """`a / b`; torch gives infinity, or no number."""
    if b == 0.0:
        raise ZeroDivisionError("float division by zero")
    return a / b


def float_by_int(a: float, b: int) -> float:
    """`a / b`; torch gives infinity, or no number."""
    if b == 0:
        raise ZeroDivisionError("float division by zero")
    return a / b


def floats_divided_down(a: float, b: float) -> float:
    """`a // b` as Python computes it; torch gives infinity where `b` is 0, and another number where it is infinite."""
    if b == 0.0:
        raise ZeroDivisionError("float floor division by zero")
    rest = math.fmod(a, b)
    quotient = (a - rest) / b
    if rest != 0.0 and (b < 0.0) != (rest < 0.0):
        quotient -= 1.0
    if quotient == 0.0:
        return math.copysign(0.0, a / b)
    if abs(quotient) < 4503599627370496.0:  # noqa: PLR2004 - 2 ** 52, above it every number is whole
        down = float(math.floor(quotient))
        return down + 1.0 if quotient - down > 0.5 else down  # noqa: PLR2004 - as in Python's own code
    return quotient


def remainder_of_floats(a: float, b: float) -> float:
    """`a % b` as Python computes it; torch gives no number where `b` is 0 or infinite."""
    if b == 0.0:
        raise ZeroDivisionError("float modulo")
    rest = math.fmod(a, b)
    if rest == 0.0:
        return math.copysign(0.0, b)
    return rest + b if (b < 0.0) != (rest < 0.0) else rest


def whole(a: float) -> int:
    """`int(a)`; torch gives some number."""
    if math.isinf(a):
        raise OverflowError("cannot convert float infinity to integer")
    if math.isnan(a):
        raise ValueError("cannot convert float NaN to integer")
    if abs(a) >= 9223372036854775808.0:  # noqa: PLR2004 - 2 ** 63
        raise OverflowError("compiled code has integers of 64 bits, and this one needs more")
    return int(a)


def root(a: float) -> float:
    """`math.sqrt(a)`; torch gives no number."""
    if a < 0.0:
        raise ValueError("math domain error")
    return math.sqrt(a)


def logarithm(a: float) -> float:
    """`math.log(a)`; torch gives infinity, or no number."""
    if a <= 0.0:
        raise ValueError("math domain error")
    return math.log(a)


def logarithm_of_int(a: int) -> float:
    """`math.log(a)`; torch gives infinity, or no number."""
    if a <= 0:
        raise ValueError("math domain error")
    return math.log(a)


def root_of_int(a: int) -> float:
    """`math.sqrt(a)`; torch gives no number."""
    if a < 0:
        raise ValueError("math domain error")
    return math.sqrt(a)


def summed(numbers: list[int]) -> int:
    """`sum(numbers)`; torch adds in 32 bits."""
    total = 0
    for number in numbers:
        total += number
    return total
