"""Modules that differentiate in `forward`, and those that take sparse tensors, are compiled, verified and saved."""

from __future__ import annotations

import io

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule
from scriptkit.errors import VerificationError


class Forces(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.energy = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))

    def forward(self, positions: Tensor) -> Tensor:
        positions = positions.detach().requires_grad_(True)
        energy = self.energy(positions).sum()
        found = torch.autograd.grad([energy], [positions], create_graph=True)[0]
        assert found is not None
        return -found


class OtherForces(Forces):
    def forward(self, positions: Tensor) -> Tensor:
        positions = positions.detach().requires_grad_(True)
        energy = self.energy(positions).sum()
        found = torch.autograd.grad([energy], [positions], create_graph=True)[0]
        assert found is not None
        return -found * (1.0 if torch.jit.is_scripting() else 2.0)  # type: ignore[attr-defined, no-any-return]


class Graph(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 2)

    def forward(self, x: Tensor, edges: Tensor) -> Tensor:
        return torch.sparse.mm(edges, self.fc(x))  # type: ignore[no-any-return]


class ForeignGraph(Graph):
    def forward(self, x, edges, **_options):  # type: ignore[no-untyped-def]
        return torch.sparse.mm(edges, self.fc(x))


X = torch.rand(4, 3)


def test_forces_are_compared() -> None:
    report = scriptkit.verify(Forces(), (X,))
    assert len(report.comparisons) > 10
    with pytest.raises(VerificationError, match="elements differ"):
        scriptkit.verify(OtherForces(), (X,))


@pytest.mark.filterwarnings("ignore:.*Sparse CSR")
@pytest.mark.parametrize("layout", [torch.sparse_coo, torch.sparse_csr])
@pytest.mark.parametrize("cls", [Graph, ForeignGraph])
def test_sparse_inputs_are_compared(cls: type[nn.Module], layout: torch.layout) -> None:
    inputs = X, torch.eye(4).to_sparse(layout=layout)
    module = scriptkit.compile(cls(), inputs)
    assert torch.allclose(module(*inputs), module.inner(*inputs))
    assert len(scriptkit.verify(module, inputs).comparisons) > 10
    scriptkit.save(module, io.BytesIO(), example_inputs=inputs)
