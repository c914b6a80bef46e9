"""Attributes that no compiled code reaches may be declared as anything, wherever they come from."""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Optional

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule
from scriptkit.engines.torchscript.lifting.reached import reached_names

X = torch.rand(2, 4)


class Hub:
    """A mixin that keeps things of its own, as huggingface's does."""

    _config: Optional[dict] = None  # type: ignore[type-arg]  # noqa: UP045
    _where: pathlib.Path = pathlib.Path()
    _callback: Callable[..., Any] = print
    _count: int = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._config = {"a": object()}
        self._where = pathlib.Path()
        self._count = None  # type: ignore[assignment]
        self._notes: Mapping[str, object] = {"a": object()}

    def push(self) -> object:
        """Stays in Python, and reads them."""
        return self._config, self._where, self._callback, self._count


class First(Hub, ScriptableModule):
    """A module with the mixin."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x)


class Plain(Hub, nn.Module):
    """No class of scriptkit."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x)


@pytest.mark.parametrize("make", [First, lambda: scriptkit.compile(Plain(), (X,))], ids=["own", "compiled"])
def test_what_a_mixin_declares_is_not_asked_about(make: Callable[[], Any], tmp_path: Path) -> None:
    module = make()
    assert scriptkit.report(module).rows[0].mode == "script"
    assert module.push()[3] is None
    scriptkit.save(module, tmp_path / "m.pt")
    assert torch.equal(scriptkit.load(tmp_path / "m.pt")(X), module(X))


class Reads(First):
    """Reads one of them in compiled code."""

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) * self.factor()

    def factor(self) -> int:
        return self._count


def test_what_compiled_code_reaches_has_to_fit() -> None:
    with pytest.raises(scriptkit.CompilationError, match="_count"):
        Reads()


class Walks(nn.Module):
    """Reaches names by methods, properties and exported methods."""

    def forward(self, x: Tensor) -> Tensor:
        return self.one(x)

    def one(self, x: Tensor) -> Tensor:
        return x * self.first

    def two(self, x: Tensor) -> Tensor:
        return x * self.second

    @property
    def three(self) -> int:
        return self.third

    @torch.jit.export
    def four(self, x: Tensor) -> Tensor:
        return x * self.fourth

    def __init__(self) -> None:
        super().__init__()
        self.first = self.second = self.third = self.fourth = self.fifth = 1


def test_names_are_followed_from_where_the_compiler_begins() -> None:
    names = reached_names([Walks])
    assert {"first", "third", "fourth"} <= names
    assert not {"second", "fifth"} & names
