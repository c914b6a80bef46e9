"""Rewritten programs are Python that gives what the module gives."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

import pytest
import torch
from torch import Tensor

from scriptkit.compiling.exporting.rewriting.program import lowered_method
from tests.compiling.forms import steered_by_sizes
from tests.compiling.test_forms_of_python import Form, assert_equal

FORMS = [value for value in vars(steered_by_sizes).values() if isinstance(value, FunctionType)]


@pytest.mark.parametrize("numbers", [False, True])
@pytest.mark.parametrize("function", FORMS, ids=lambda function: function.__name__)
def test_a_rewritten_program_gives_the_same_at_every_size(function: Callable[[Tensor], Any], numbers: bool) -> None:
    _, program = lowered_method(Form(function), "forward", (torch.randn(2, 3),), {}, numbers=numbers)
    for rows in (2, 3, 4, 9):
        x = torch.randn(rows, 3)
        assert_equal(program(x.clone()), function(x.clone()))


def test_a_refused_size_raises_what_the_module_says() -> None:
    _, program = lowered_method(Form(steered_by_sizes.refuses_a_size), "forward", (torch.randn(2, 3),), {})
    with pytest.raises(RuntimeError, match="too many rows"):
        program(torch.randn(101, 3))
    with pytest.raises(RuntimeError, match="too many columns"):
        program(torch.randn(2, 50))
