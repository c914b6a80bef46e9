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


def int_divided_down(a: int, b: float) -> float:
    """`a // b`."""
    return floats_divided_down(float(a), b)


def divided_down_by_int(a: float, b: int) -> float:
    """`a // b`."""
    return floats_divided_down(a, float(b))


def remainder_of_int(a: int, b: float) -> float:
    """`a % b`."""
    return remainder_of_floats(float(a), b)


def remainder_by_int(a: float, b: int) -> float:
    """`a % b`."""
    return remainder_of_floats(a, float(b))


def require_64_bits(a: float) -> None:
    """Raise as `int(a)` does, and where 64 bits do not hold the number; torch gives some number."""
    if math.isinf(a):
        raise OverflowError("cannot convert float infinity to integer")
    if math.isnan(a):
        raise ValueError("cannot convert float NaN to integer")
    if abs(a) >= 9223372036854775808.0:  # noqa: PLR2004 - 2 ** 63
        raise OverflowError("compiled code has integers of 64 bits, and this one needs more")


def whole(a: float) -> int:
    """`int(a)`; torch gives some number."""
    require_64_bits(a)
    return int(a)


def rounded_up(a: float) -> int:
    """`math.ceil(a)`; torch gives some number where 64 bits do not hold it."""
    require_64_bits(a)
    return math.ceil(a)


def rounded_down(a: float) -> int:
    """`math.floor(a)`; torch gives some number where 64 bits do not hold it."""
    require_64_bits(a)
    return math.floor(a)


def rounded(a: float) -> float:
    """`round(a)`, as a float; torch raises nothing."""
    if math.isinf(a):
        raise OverflowError("cannot convert float infinity to integer")
    if math.isnan(a):
        raise ValueError("cannot convert float NaN to integer")
    return float(round(a)) + 0.0  # `round(-0.0)` is 0


def factorial(a: int) -> int:
    """`math.factorial(a)`; torch gives some number where 64 bits do not hold it."""
    if a > 20:  # noqa: PLR2004 - 21! has 66 bits
        raise OverflowError("compiled code has integers of 64 bits, and this one needs more")
    return math.factorial(a)


def shifted_up(a: int, b: int) -> int:
    """`a << b`; torch gives 0 for negative counts, and takes others modulo 64."""
    if b < 0:
        raise ValueError("negative shift count")
    made = a << min(b, 63)
    if made >> min(b, 63) != a or (b > 63 and a != 0):  # noqa: PLR2004
        raise OverflowError("compiled code has integers of 64 bits, and this one needs more")
    return made


def shifted_down(a: int, b: int) -> int:
    """`a >> b`; torch gives some number for negative counts, and takes others modulo 64."""
    if b < 0:
        raise ValueError("negative shift count")
    return a >> min(b, 63)


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


def logarithm_to_base(a: float, b: float) -> float:
    """`math.log(a, b)`; torch gives infinity, or no number."""
    if a <= 0.0 or b <= 0.0:
        raise ValueError("math domain error")
    if b == 1.0:
        raise ZeroDivisionError("float division by zero")
    return math.log(a) / math.log(b)


def logarithm_of_int_to_base(a: int, b: float) -> float:
    """`math.log(a, b)`."""
    return logarithm_to_base(float(a), b)


def logarithm_to_whole_base(a: float, b: int) -> float:
    """`math.log(a, b)`."""
    return logarithm_to_base(a, float(b))


def logarithm_of_int_to_whole_base(a: int, b: int) -> float:
    """`math.log(a, b)`."""
    return logarithm_to_base(float(a), float(b))


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
