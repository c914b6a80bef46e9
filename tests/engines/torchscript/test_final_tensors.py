"""`Final` on a tensor or submodule: a promise to type checkers, and no constant; or an error at its place."""

from typing import Final

import pytest
import torch
from torch import Tensor, nn

from scriptkit import ScriptableModule
from scriptkit.errors import CompilationError
from tests.scenarios.comparing import assert_same, twins
from tests.scenarios.test_running import batch
from tests.scenarios.watching import run_compiled


class Promised(ScriptableModule):
    plain: Final[Tensor]
    buffer: Final[Tensor]  # type: ignore[misc]
    weight: Final[nn.Parameter]
    linear: Final[nn.Linear]
    layers: Final[nn.ModuleList]

    def __init__(self) -> None:
        super().__init__()
        self.plain = torch.ones(4)
        self.register_buffer("buffer", torch.ones(4))
        self.weight = nn.Parameter(torch.ones(4))
        self.linear = nn.Linear(4, 4)
        self.layers = nn.ModuleList([nn.ReLU()])
        self.inside: Final[Tensor] = torch.ones(4)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        out: Tensor = self.linear(x) * self.weight + self.plain + self.buffer + self.inside
        return out


class Bare(ScriptableModule):
    held: Final  # type: ignore[misc]

    def __init__(self, *, kind: str) -> None:
        super().__init__()
        if kind == "tensor":
            self.held = torch.ones(4)
        elif kind == "buffer":
            self.register_buffer("held", torch.ones(4))
        elif kind == "parameter":
            self.held = nn.Parameter(torch.ones(4))  # type: ignore[misc]
        else:
            self.held = nn.Linear(4, 4)  # type: ignore[misc]

    def forward(self, x: Tensor) -> Tensor:
        return x


def test_tensors_and_modules_declared_final_compile() -> None:
    net, plain = twins(Promised)
    assert_same(run_compiled(net, batch()), plain(batch()))
    with torch.no_grad():
        for model in (net, plain):
            model.plain.add_(1)
            model.weight.mul_(2)
    assert_same(run_compiled(net, batch()), plain(batch()))


@pytest.mark.parametrize("kind", ["tensor", "buffer", "parameter", "module"])
def test_a_bare_final_is_told_where_it_stands(kind: str) -> None:
    """Of `Final` alone torch makes a constant, whatever it holds; its own error has no line."""
    with pytest.raises(CompilationError) as caught:
        Bare(kind=kind)
    [diagnostic] = caught.value.diagnostics
    assert diagnostic.name == "final-constant-bad-value"
    assert diagnostic.path == __file__
    assert diagnostic.line > 1
