"""Values of Python as expressions of C++."""

from __future__ import annotations

import math

import pytest
import torch

from scriptkit.cpp.types import cpp_literal


@pytest.mark.parametrize(
    ("value", "cpp", "expected"),
    [
        (True, "bool", "true"),
        (3, "std::int64_t", "3"),
        (3, "double", "3.0"),
        (0.5, "double", "0.5"),
        (math.inf, "double", "std::numeric_limits<double>::infinity()"),
        (-math.inf, "double", "-std::numeric_limits<double>::infinity()"),
        (math.nan, "double", "std::numeric_limits<double>::quiet_NaN()"),
        ('a "word"', "std::string", 'std::string("a \\"word\\"")'),
        ("schön", "std::string", None),
        (None, "std::optional<double>", "std::nullopt"),
        (None, "c10::IValue", "c10::IValue()"),
        (2, "std::optional<double>", "2.0"),
        (torch.device("cuda", 1), "c10::Device", 'c10::Device("cuda:1")'),
        ([1, 2], "std::vector<std::int64_t>", "std::vector<std::int64_t>{1, 2}"),
        ((1, 0.5, "a"), "T", 'T{1, 0.5, std::string("a")}'),
        ({"a": 1}, "D", 'D{{std::string("a"), 1}}'),
        ([True, None], "V", "V{true, c10::IValue()}"),
        ([torch.ones(1)], "V", None),
        (torch.ones(1), "at::Tensor", None),
    ],
)
def test_a_value_becomes_an_expression_or_nothing(value: object, cpp: str, expected: str | None) -> None:
    assert cpp_literal(value, cpp) == expected
