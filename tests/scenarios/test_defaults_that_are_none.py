"""A parameter that is a `Tensor` for the compiler and has the default `None`: compiled as Python has it, or told."""

from __future__ import annotations

import io

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule
from scriptkit.errors import ArtifactError, CompilationError, ScriptabilityError

X = torch.rand(2, 3)


class Unannotated(nn.Module):
    def forward(self, x, y=None):  # type: ignore[no-untyped-def]
        if y is None:
            return x * 2
        return x + y


class Declared(nn.Module):
    def forward(self, x: Tensor, y: Tensor = None) -> Tensor:  # type: ignore[assignment]
        return x * 2 if y is None else x + y  # type: ignore[redundant-expr]


class Own(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.inner = Declared()

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x)


@pytest.mark.parametrize("cls", [Unannotated, Declared])
def test_a_plain_module_is_refused_in_words_that_name_the_parameter(cls: type[nn.Module]) -> None:
    told = "parameter `y` of `forward` is a `Tensor` whose default is `None`"
    with pytest.raises(CompilationError, match=told):
        scriptkit.verify(cls(), (X,))
    with pytest.raises(ArtifactError, match=told):
        scriptkit.save(cls(), io.BytesIO())


@pytest.mark.parametrize("cls", [Unannotated, Declared])
def test_compiled_for_how_it_is_called_it_is_right(cls: type[nn.Module]) -> None:
    for given in ((X,), (X, X)):
        compiled = scriptkit.compile(cls(), given)
        assert torch.equal(compiled(*given), cls()(*given))
        assert scriptkit.verify(compiled, given).passed


def test_a_class_of_ones_own_is_told_which_parameter() -> None:
    with pytest.raises(ScriptabilityError) as raised:

        class Late(ScriptableModule):
            def forward(self, x: Tensor, y: Tensor = None) -> Tensor:  # type: ignore[assignment, scriptkit-default-arg-none-not-optional]
                return x * 2 if y is None else x + y  # type: ignore[redundant-expr]

    [found] = raised.value.diagnostics
    assert (found.name, found.suggestion) == ("default-arg-none-not-optional", "y: Optional[Tensor] = None")


class InMemory(ScriptableModule, check_save=False):
    def forward(self, x: Tensor, y: Tensor = None) -> Tensor:  # type: ignore[assignment, scriptkit-default-arg-none-not-optional]
        return x + y


def test_who_needs_no_file_may_have_it() -> None:
    assert torch.equal(InMemory()(X, X), X + X)


def test_a_call_that_leaves_such_an_argument_of_a_part_out_is_right() -> None:
    net = Own()
    assert torch.equal(net(X), X * 2)
    assert "lowered" in str(scriptkit.report(net))
