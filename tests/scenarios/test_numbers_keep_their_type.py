"""A `float` that holds an `int`: Python keeps the int, compiled code would not, so it is refused or runs as Python."""

from __future__ import annotations

import io

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule, export
from scriptkit.errors import CompilationError, ScriptkitEagerWarning

X = torch.arange(3)


class Declared(ScriptableModule):
    scale: float

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        return x * self.scale


class DeclaredInInit(ScriptableModule):
    def __init__(self, scale: float) -> None:
        super().__init__()
        self.scale: float = scale

    def forward(self, x: Tensor) -> Tensor:
        return x * self.scale


class InContainers(ScriptableModule):
    scales: dict[str, list[float]]
    pair: tuple[float, int]
    maybe: float | None

    def __init__(self, first: float, second: float, third: float) -> None:
        super().__init__()
        self.scales = {"a": [first]}
        self.pair = (second, 1)
        self.maybe = third

    def forward(self, x: Tensor) -> Tensor:
        maybe = self.maybe
        return x * self.scales["a"][0] + self.pair[0] + (maybe if maybe is not None else 0.0)


class Given(ScriptableModule):
    def forward(self, x: Tensor, scale: float = 2.0, more: list[float] | None = None) -> Tensor:
        return x * scale if more is None else x * scale + more[0]

    @export
    def half(self, number: float) -> float:  # type: ignore[override]
        return number


class Foreign(nn.Module):
    scale: float

    def __init__(self) -> None:
        super().__init__()
        self.scale = 2

    def forward(self, x: Tensor) -> Tensor:
        return x * self.scale


@pytest.mark.parametrize("cls", [Declared, DeclaredInInit])
def test_an_attribute_is_refused_at_its_line(cls: type[ScriptableModule]) -> None:
    with pytest.raises(
        CompilationError, match=r"`self.scale` holds `2`, and its declared type has a `float`"
    ) as caught:
        cls(2)
    [found] = caught.value.diagnostics
    assert found.name == "int-for-float"
    assert torch.equal(cls(2.0)(X), X * 2.0)


@pytest.mark.parametrize("numbers", [(1, 2.0, 3.0), (1.0, 2, 3.0), (1.0, 2.0, 3)])
def test_so_is_one_in_a_container(numbers: tuple[float, float, float]) -> None:
    with pytest.raises(CompilationError, match="its declared type has a `float` there"):
        InContainers(*numbers)


def test_an_int_assigned_later_makes_python_run() -> None:
    module = Declared(2.0)
    module(X)
    module.scale = 3
    with pytest.warns(ScriptkitEagerWarning, match=r"`self.scale` holds `3`"):
        assert module(X).dtype == torch.int64
    with pytest.raises(CompilationError, match="holds `3`"):
        scriptkit.save(module, io.BytesIO())
    module.scale = 3.0
    assert module(X).dtype == torch.float32


def test_an_int_given_for_a_float_stays_one() -> None:
    module = Given()
    assert module(X).dtype == torch.float32
    assert not scriptkit.report(module).eager_calls
    with pytest.warns(ScriptkitEagerWarning, match="`scale` is declared `float` and is given an `int`"):
        assert module(X, 3).dtype == torch.int64
    with pytest.warns(ScriptkitEagerWarning, match="`more` is declared"):
        assert torch.equal(module(X, scale=1.0, more=[1]), X * 1.0 + 1)
    with pytest.warns(ScriptkitEagerWarning, match="`number` is declared"):
        assert type(module.half(2)) is int
    assert type(module.half(2.0)) is float


class Default(ScriptableModule):
    def forward(self, x: Tensor, scale: float = 2) -> Tensor:  # scriptkit: allow[int-for-float]
        return x * scale


def test_an_int_as_default_of_a_float_counts_beside_whole_numbers_only() -> None:
    module = Default()
    assert torch.equal(module(X.float()), X.float() * 2)
    assert not scriptkit.report(module).eager_calls
    with pytest.warns(ScriptkitEagerWarning, match="`scale` is declared `float` and is given an `int`"):
        assert module(X).dtype == torch.int64


def test_a_foreign_module_keeps_its_int() -> None:
    compiled = scriptkit.compile(Foreign(), (X,))
    assert compiled(X).dtype == torch.int64
    file = io.BytesIO()
    scriptkit.save(compiled, file, example_inputs=(X,))
    file.seek(0)
    assert torch.jit.load(file)(X).dtype == torch.int64
