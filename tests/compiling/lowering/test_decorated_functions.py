"""Functions that a decorator made: its own text is found, whatever name the decorator gives it in tracebacks."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit.compiling.lowering import lower
from scriptkit.compiling.lowering.world.refusing import RefusedError
from scriptkit.compiling.lowering.world.source import tree_of
from tests.compiling.lowering.loading import Loaded


def renamed(function: Callable[..., Any]) -> Callable[..., Any]:
    """As torch 2.15 does: tracebacks tell the decorator's name."""

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    made: Any = wrapped
    made.__code__ = made.__code__.replace(co_name="renamed")
    return made  # type: ignore[no-any-return]


class Power(nn.Module):
    """A comprehension with a condition does not script."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.rand(3))

    @torch.no_grad()
    def power(self, x: Tensor, count: int) -> Tensor:
        return sum((x**i for i in range(count) if i != 1), torch.zeros(()))

    @renamed
    def twice(self, x: Tensor) -> Tensor:
        return x * 2

    def forward(self, x: Tensor) -> Tensor:
        y = x * self.weight
        result: Tensor = self.twice(y) + self.power(y, 4)
        return result


def test_what_is_decorated_is_lowered_with_its_gradients() -> None:
    model, x = Power(), torch.rand(3)
    loaded = Loaded(lower(model, (x,)))
    assert torch.equal(loaded(x), model(x))
    model(x).sum().backward()
    assert model.weight.grad is not None
    assert torch.equal(model.weight.grad, 2 * x)
    [found] = torch.autograd.grad(loaded(x).sum(), [*loaded.module.parameters()])
    assert torch.equal(found, 2 * x)


def test_what_is_decorated_is_compiled() -> None:
    assert "lowered" in str(scriptkit.report(scriptkit.compile(Power(), (torch.rand(3),))))


def test_another_function_on_the_line_of_one_that_was_renamed_is_not_taken_for_it(
    tmp_path: Path,
) -> None:
    """The file was edited: on the same line stands a function of the same arguments."""
    file, names = tmp_path / "edited.py", dict[str, Any]()
    text = "def helper(x):\n    return x * 2\n"
    exec(compile(text, str(file), "exec", dont_inherit=True), names)
    code = names["helper"].__code__.replace(co_name="renamed")
    file.write_text(text)
    assert tree_of(code).name == "helper"  # type: ignore[union-attr]
    file.write_text(text.replace("* 2", "* 3") + "# edited\n")
    with pytest.raises(RefusedError):
        tree_of(code)
    file.write_text("def helper(x): return x * 2; yield\nreturn\n")  # parsed, and no program
    with pytest.raises(RefusedError):
        tree_of(code)
