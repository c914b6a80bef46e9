"""What no handler of lowering expected is told at the line of the user that was evaluated, and no place as unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit.compiling.lowering.objects import module_calls
from scriptkit.compiling.lowering.operations import torch_functions
from scriptkit.errors import CompilationError

if TYPE_CHECKING:
    from collections.abc import Callable


class Net(nn.Module):
    def forward(self, x: Tensor, **_: Any) -> Tensor:
        y = x * 2
        return torch.relu(y)


def raising(error: Exception) -> Callable[..., Any]:
    def emit(*_: Any) -> Any:
        raise error

    return emit


def test_an_error_of_our_own_names_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_functions, "emit", raising(AttributeError("'Dyn' object has no attribute 'x'")))
    told = r"^internal error while lowering `Net` at test_errors_of_our_own\.py:23: AttributeError: .* \(`modes=`\)"
    with pytest.raises(CompilationError, match=told):
        scriptkit.compile(Net(), (torch.ones(2),), modes={"": "lowered"})


def test_an_error_before_any_line_names_the_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module_calls, "call_root", raising(AttributeError("early")))
    with pytest.raises(CompilationError, match=r"^internal error while lowering `Net`: AttributeError: early"):
        scriptkit.compile(Net(), (torch.ones(2),), modes={"": "lowered"})


def test_a_class_without_source_is_told_without_a_place() -> None:
    names: dict[str, Any] = {"nn": nn}
    exec("class Made(nn.Module):\n    def forward(self, x, **_):\n        return x\n", names)
    with pytest.raises(CompilationError, match="has no source text") as refused:
        scriptkit.compile(names["Made"](), (torch.ones(2),), modes={"": "lowered"})
    assert "unknown" not in str(refused.value)
    assert len(refused.value.diagnostics) == 1
