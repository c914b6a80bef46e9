"""A module that changed since it was compiled, and was not called: no file holds what it was before."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule
from scriptkit.errors import CompilationError

if TYPE_CHECKING:
    from collections.abc import Callable


class Library(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.config, self.fc = SimpleNamespace(scale=1.5), nn.Linear(3, 3)

    def forward(self, x, **options):  # type: ignore[no-untyped-def]
        return self.fc(x) * self.config.scale


class Around(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.library = Library()

    def example_inputs(self) -> tuple[Tensor]:
        return (torch.ones(2, 3),)

    def forward(self, x: Tensor) -> Tensor:
        return self.library(x)  # type: ignore[no-any-return]


def other_scale(library: Library) -> None:
    library.config.scale = 9.0


def other_layer(library: Library) -> None:
    library.fc = nn.Linear(3, 2)


CHANGES = [other_scale, other_layer]


@pytest.mark.parametrize("change", CHANGES)
def test_a_compiled_module_is_saved_as_it_is_or_not_at_all(change: Callable[[Library], None]) -> None:
    library, x = Library(), torch.ones(2, 3)
    compiled = scriptkit.compile(library, (x,))
    change(library)
    with pytest.raises(CompilationError, match="changed after compiling; undo that, or call the module once"):
        scriptkit.to_torchscript(compiled)
    expected = compiled(x)
    assert torch.equal(scriptkit.to_torchscript(compiled)(x), expected)


@pytest.mark.parametrize("change", CHANGES)
def test_a_scriptable_module_round_it_is_saved_as_it_is_or_not_at_all(change: Callable[[Library], None]) -> None:
    net, x = Around(), torch.ones(2, 3)
    change(net.library)
    with pytest.raises(CompilationError, match="changed after compiling; undo that, or call the module once"):
        scriptkit.to_torchscript(net)
    expected = net(x)
    assert torch.equal(scriptkit.to_torchscript(net)(x), expected)


def test_a_hook_added_later_is_in_no_file() -> None:
    library, x = Library(), torch.ones(2, 3)
    compiled = scriptkit.compile(library, (x,))
    handle = library.fc.register_forward_hook(lambda _module, _args, out: out * 2)
    with pytest.raises(CompilationError, match="a submodule has hooks"):
        scriptkit.to_torchscript(compiled)
    handle.remove()
    assert torch.equal(scriptkit.to_torchscript(compiled)(x), library(x))
