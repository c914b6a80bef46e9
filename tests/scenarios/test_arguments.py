"""What is handed to the functions of scriptkit in the wrong shape: the error says in which one it is wanted."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

import scriptkit
from scriptkit import ScriptableModule
from scriptkit.testing import assert_same_outputs, assert_scriptable


class Twice(ScriptableModule):
    def forward(self, x: Tensor) -> Tensor:
        return x * 2


TAKE_INPUTS = [scriptkit.compile, scriptkit.verify, scriptkit.warmup, assert_scriptable, assert_same_outputs]


@pytest.mark.parametrize("function", TAKE_INPUTS)
@pytest.mark.parametrize("alone", [torch.ones(2, 3), {"x": torch.ones(2)}, "x"])
def test_one_argument_that_stands_alone_is_no_tuple_of_arguments(function: Callable[..., Any], alone: Any) -> None:
    """The rows of a tensor, or the keys of a dictionary, would be taken for arguments."""
    with pytest.raises(TypeError, match=r"is a tuple of positional arguments, not a .*: write `"):
        function(Twice(), alone)


@pytest.mark.parametrize("function", [scriptkit.compile, scriptkit.report, lambda m: scriptkit.verify(m, ())])
def test_a_class_or_another_value_is_no_module(function: Callable[..., Any]) -> None:
    with pytest.raises(TypeError, match="not the class `Twice`: make an instance"):
        function(Twice)
    with pytest.raises(TypeError, match="a module is needed, not a str"):
        function("twice")


def test_compiling_a_module_that_is_scriptable_already_says_nothing() -> None:
    """Warnings are errors here: recording examples is no call of the user's that ran as Python."""
    x = torch.ones(2)
    assert torch.equal(scriptkit.compile(Twice(), (x,))(x), x * 2)
