"""Expressions of constants are constants; nothing large is computed."""

from __future__ import annotations

import ast
import math

import pytest

from scriptkit import check_source
from scriptkit.language.folding import UNKNOWN_VALUE, folded

HEAD = "import torch\nfrom torch import Tensor\nfrom scriptkit import ScriptableModule\n"
NET = "class Net(ScriptableModule):\n    def forward(self, x: Tensor) -> Tensor:\n        return x * VALUE\n"


def fold(text: str) -> object:
    tree = ast.parse(text, mode="eval")
    return folded(tree.body, {"BIG": ast.Constant(1e9), "SELF": ast.Name("SELF", ast.Load())}.get)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-1e9", -1e9),
        ("not False", True),
        ("'a' + 'b'", "ab"),
        ("float('inf')", math.inf),
        ("-float('inf')", -math.inf),
        ("2 ** 10 - 1", 1023),
        ("(1, -2)", (1, -2)),
        ("-BIG", -1e9),
        ("~1", -2),
    ],
)
def test_constants(text: str, value: object) -> None:
    assert fold(text) == value


@pytest.mark.parametrize(
    "text", ["x", "SELF", "2 ** 1000000", "'a' * 10 ** 9", "1 / 0", "f()", "1 << 99999999", "(1, x)", "'a' - 1"]
)
def test_what_is_not_known_or_not_worth_it(text: str) -> None:
    assert fold(text) is UNKNOWN_VALUE


@pytest.mark.parametrize("value", ["-1e9", "1.0 * 2", "not False", "-float('inf')", "2 * 3 + 1"])
def test_a_constant_of_the_module_may_be_an_expression(value: str) -> None:
    assert check_source(f"{HEAD}VALUE = {value}\n{NET}") == []
    assert [d.name for d in check_source(f"{HEAD}VALUE = {value}\n{NET}", all_modules=True)] == []


def test_as_plain_torch_sees_it() -> None:
    text = f"{HEAD}VALUE = -1e9\n{NET}".replace("ScriptableModule", "Module").replace("from scriptkit", "from torch.nn")
    assert [d.name for d in check_source(text, all_modules=True)] == ["global-constant"]
