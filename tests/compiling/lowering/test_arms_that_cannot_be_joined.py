"""Arms that leave what no one variable can hold: the one that the example does not take becomes an error, told."""

from __future__ import annotations

import linecache
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from scriptkit.compiling.lowering import lower
from tests.compiling.forms import dropped_arms
from tests.compiling.lowering.test_reach import equal_after_loading, images
from tests.compiling.test_forms_of_python import Form


class Skipping(nn.Module):
    """A layer that is left out leaves a shorter list; in training the result has other entries."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(3, 3) for _ in range(9))

    def forward(self, x: Tensor) -> Any:
        seen = []
        for layer in self.layers:
            if self.training and x.max() > 0.9:
                continue
            x = layer(x)
            seen.append(x)
        return {"loss": x.sum()} if self.training else {"last": x, "all": seen}


def test_the_arm_of_the_example_stays_and_the_other_raises() -> None:
    torch.manual_seed(1)
    model = Skipping().eval()
    equal_after_loading(model, *images((4, 3), (1, 3), (7, 3)))
    made = lower(model, (torch.randn(4, 3),))
    first = Skipping.forward.__code__.co_firstlineno
    assert [diagnostic.line - first for diagnostic in made.dropped] == [3, 7]
    made.form.train()
    for x, line in ((torch.ones(1, 3), 3), (-torch.ones(1, 3), 7)):
        with pytest.raises(Exception, match=f"line {first + line} was not lowered"):
            made.run(x)


class Either(nn.Module):
    """The example decides which arm it is; a value in the arm that stays is not None."""

    def forward(self, x: Tensor) -> Any:
        y = None if x.sum() > 9 else x * 2
        return (x,) if y is None else [y + 1, x]


def test_what_the_example_takes_decides() -> None:
    small, large = torch.ones(2), torch.ones(10)
    for example, other in ((small, large), (large, small)):
        made = lower(Either(), (example,))
        torch.testing.assert_close(made.run(example), Either()(example))
        with pytest.raises(Exception, match="was not lowered"):
            made.run(other)


@pytest.mark.parametrize("function", [dropped_arms.dtype_or_number, dropped_arms.jumps_out_of_a_block])
def test_the_line_of_a_dropped_arm_says_why(function: Callable[[Tensor], Any]) -> None:
    made = lower(Form(function), (torch.randn(2, 3),))
    [found] = made.dropped
    line, _, words = linecache.getline(found.path, found.line).rstrip().partition("  # says: ")
    assert found.message == words, line
    with pytest.raises(Exception, match="was not lowered"):
        made.run(torch.randn(4, 3))
