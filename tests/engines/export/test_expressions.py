"""What programs ask of sizes, read from torch's texts."""

from __future__ import annotations

import pytest
import torch

from scriptkit.engines.export.expressions import Guard, UnreadableError, evaluated, read, sentence

SOURCES = {
    "L['x'].size()[0]": {"size": [0, 0]},
    "L['x'].size()[1]": {"size": [0, 1]},
    "L['k']": {"value": 1},
}
INPUTS = (torch.zeros(3, 8), 5)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("L['x'].size()[0] <= 5", True),
        ("2 <= L['x'].size()[0] <= 5", True),
        ("L['x'].size()[1] % 4 == 0", True),
        ("L['x'].size()[1] // 3 == 3", False),
        ("L['x'].size()[0] + L['x'].size()[1] == 11 and L['k'] > 4", True),
        ("max(1, L['x'].size()[0]) != 3", False),
        ("-1*L['k'] < 0", True),
        ("(L['k'] > 9 or L['k'] < 6)", True),
        ("not L['k'] > 9", True),
        ("L['x'].size()[1] / 16 == 0.5", True),
        ("L['x'].size()[0]**2 == 9", True),
        ("2*math.ceil(L['x'].size()[0] / 2) == L['x'].size()[0]", False),
        ("math.floor(L['x'].size()[0] / 2) == math.trunc(1.5)", True),
        ("math.sqrt(L['x'].size()[1] + 1) == 3.0", True),
        ("math.floor(0.7*torch.sym_float(L['x'].size()[1])) == 5", True),
        ("abs((-10) + L['x'].size()[0]) == 7", True),
        ("7 % (L['k'] - 5) == 0", False),
        ("math.sqrt(-L['k']) > 0", False),
    ],
)
def test_a_text_becomes_data_that_says_the_same(text: str, holds: bool) -> None:
    guards = [Guard(left, op, right, "") for left, op, right in read(text, SOURCES)]
    assert all(guard.holds(INPUTS) for guard in guards) is holds


@pytest.mark.parametrize(
    "text",
    [
        "f(1) == 2",
        "L['y'].size()[0] == 1",
        "[1] == 1",
        "x.y",
        "L['k'] is None",
        "1 +",
        "math.sin(1) == 0",
        "abs(1, 2) == 1",
    ],
)
def test_anything_else_is_unreadable(text: str) -> None:
    with pytest.raises(UnreadableError):
        read(text, SOURCES)


def test_a_guard_is_a_sentence_in_the_names_of_the_user() -> None:
    ((left, op, right),) = read("L['x'].size()[1] % 4 == 0", SOURCES)
    assert sentence(left, op, right, ["x", "k"]) == "dimension 1 of 'x' must be a multiple of 4"
    ((left, op, right),) = read("5 >= L['k']", SOURCES)
    assert sentence(left, op, right, ["x", "k"]) == "'k' must be at most 5"


def test_an_expression_is_evaluated_with_sizes_and_values() -> None:
    assert evaluated({"op": "*", "args": [{"size": [0, 1]}, {"value": 1}]}, INPUTS) == 40
