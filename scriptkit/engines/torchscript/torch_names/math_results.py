"""What functions of `math` raise for numbers that they do not take, asked of their results; copied into graphs.

A result that is no number, of numbers, has no place in the domain; an infinite one, of finite numbers, either. Python
runs none of this.
"""

from __future__ import annotations

import math


def in_domain(result: float, a: float) -> float:
    """The result, unless the number has none."""
    if (math.isnan(result) and not math.isnan(a)) or (math.isinf(result) and not math.isinf(a)):
        raise ValueError("math domain error")
    return result


def in_domain_of_int(result: float, _a: int) -> float:
    """The result, unless the number has none."""
    if math.isnan(result) or math.isinf(result):
        raise ValueError("math domain error")
    return result


def in_domain_of_two(result: float, a: float, b: float) -> float:
    """The result, unless the numbers have none."""
    if math.isnan(result) and not math.isnan(a) and not math.isnan(b):
        raise ValueError("math domain error")
    return result


def in_domain_of_two_ints(result: float, _a: int, _b: int) -> float:
    """The result, unless the numbers have none."""
    if math.isnan(result):
        raise ValueError("math domain error")
    return result


def in_range(result: float, a: float) -> float:
    """The result, unless no float is as large."""
    if math.isinf(result) and not math.isinf(a):
        raise OverflowError("math range error")
    return result


def in_range_of_int(result: float, _a: int) -> float:
    """The result, unless no float is as large."""
    if math.isinf(result):
        raise OverflowError("math range error")
    return result


def of_gamma(result: float, a: float) -> float:
    """The result, unless the number is a pole, or no float is as large."""
    if (math.isnan(result) and not math.isnan(a)) or (math.isinf(result) and a <= 0.0):
        raise ValueError("math domain error")
    if math.isinf(result) and not math.isinf(a):
        raise OverflowError("math range error")
    return result


def of_gamma_of_int(result: float, a: int) -> float:
    """The result, unless the number is a pole, or no float is as large."""
    if a <= 0:
        raise ValueError("math domain error")
    if math.isinf(result):
        raise OverflowError("math range error")
    return result


def of_lgamma(result: float, a: float) -> float:
    """The result, unless the number is a pole, or no float is as large."""
    if math.isinf(result) and not math.isinf(a):
        if a <= 0.0:
            raise ValueError("math domain error")
        raise OverflowError("math range error")
    return result


def of_lgamma_of_int(result: float, a: int) -> float:
    """The result, unless the number is a pole."""
    if a <= 0:
        raise ValueError("math domain error")
    return result


def in_range_of_ldexp(result: float, a: float, _b: int) -> float:
    """The result, unless no float is as large."""
    if math.isinf(result) and not math.isinf(a):
        raise OverflowError("math range error")
    return result


def power(result: float, a: float, b: float) -> float:
    """`a ** b`, unless it is a complex number, or no float is as large."""
    if math.isnan(result) and not math.isnan(a) and not math.isnan(b):
        raise ValueError("a negative number to a power that is not whole has no value in compiled code")
    if math.isinf(result) and not math.isinf(a) and not math.isinf(b):
        raise OverflowError("numerical result out of range")
    return result


def power_of_int(result: float, _a: int, b: float) -> float:
    """`a ** b`, unless it is a complex number, or no float is as large."""
    if math.isnan(result) and not math.isnan(b):
        raise ValueError("a negative number to a power that is not whole has no value in compiled code")
    if math.isinf(result) and not math.isinf(b):
        raise OverflowError("numerical result out of range")
    return result


def whole_power(result: float, a: float, _b: int) -> float:
    """`a ** b`, unless no float is as large."""
    if math.isinf(result) and not math.isinf(a):
        raise OverflowError("numerical result out of range")
    return result


def whole_power_of_int(result: float, _a: int, _b: int) -> float:
    """`a ** b`, unless no float is as large."""
    if math.isinf(result):
        raise OverflowError("numerical result out of range")
    return result
