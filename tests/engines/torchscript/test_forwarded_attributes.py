"""Wrappers that hand attributes on by `__getattr__`: told with the module that has them."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from scriptkit import ScriptableModule
from scriptkit.errors import CompilationError


class Inner(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.gain = 3.0

    def features(self, x: Tensor) -> Tensor:
        return torch.relu(x)

    def forward(self, x: Tensor) -> Tensor:
        return self.features(x)


class Forwards(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.wrapped = Inner()

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            if name == "answer":
                return 42
            return getattr(super().__getattr__("wrapped"), name)


class CallsMethod(Forwards):
    def forward(self, x: Tensor) -> Tensor:
        return self.features(x)  # type: ignore[no-any-return]


class ReadsNumber(Forwards):
    def forward(self, x: Tensor) -> Tensor:
        return x * self.gain  # type: ignore[no-any-return]


class ReadsOther(Forwards):
    def forward(self, x: Tensor) -> Tensor:
        return x * self.answer  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("cls", "name", "way_out"),
    [
        (CallsMethod, "features", "`self.wrapped.features`"),
        (ReadsNumber, "gain", "`self.wrapped.gain`"),
        (ReadsOther, "answer", "set `self.answer` in `__init__`"),
    ],
)
def test_the_module_that_has_it_is_named(cls: type[nn.Module], name: str, way_out: str) -> None:
    with pytest.raises(CompilationError) as caught:
        cls()
    [found] = caught.value.diagnostics
    assert found.message == f"`self.{name}` is none of `{cls.__name__}`: its `__getattr__` finds it elsewhere"
    assert way_out in (found.help or "")
    assert found.method == "forward"


def test_what_the_help_says_compiles() -> None:
    class Named(Forwards):
        def forward(self, x: Tensor) -> Tensor:
            return self.wrapped.features(x) * self.wrapped.gain

    assert torch.equal(Named()(torch.ones(2)), torch.full((2,), 3.0))
