"""Operators that may give back the tensor they were given: a write into their result is a write into that tensor."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule
from tools.importing import imported

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from scriptkit import ScriptableModule

def raised(t: Tensor) -> Tensor:
    h = torch.einsum('i->i', t)
    h.add_(1)
    return t * 1

def bumped(t: Tensor) -> None:
    t.add_(1)

class Part(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.drop = nn.Dropout(0.5)

    def forward(self, x: Tensor) -> Tensor:
        return self.drop(x)

class Model(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.drop, self.part = nn.Dropout(0.5), Part()

    def forward(self, x: Tensor, is_short: bool) -> Tensor:
        h = CALL
        if is_short:
            h.add_(1)
            return x
        before = x * 2
        h.add_(1)
        return before + x * 2
"""
CALLS = (
    "self.drop(x)",
    "self.part(x)",
    "self.part(x)[:2]",
    "(self.drop(x) if is_short else self.part(x))",
    "F.dropout(x, 0.5, self.training)",
    "F.alpha_dropout(x, 0.5, False)",
    "F.feature_alpha_dropout(x.view(1, 3), 0.5, False)",
    "x.type_as(x)",
    "x.sum_to_size([3])",
    "x.dequantize()",
    "x.to_dense()",
    "torch.atleast_1d(x)",
    "torch.einsum('i->i', x)",
    "torch.cartesian_prod(x)",
    "raised(x)",
)


class Residual(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        h = self.layer(x)
        h += x
        return h


def model(call: str, folder: Path, write: str = "h.add_(1)") -> ScriptableModule:
    path = folder / "giving_back.py"
    path.write_text(TEXT.replace("CALL", call).replace("        h.add_(1)", f"        {write}"))
    made: ScriptableModule = imported(path).Model()
    return made.eval()


@pytest.mark.parametrize("write", ["h.add_(1)", "bumped(h)"])
@pytest.mark.parametrize("call", CALLS)
def test_a_write_into_the_result_is_seen_in_the_tensor(call: str, write: str, tmp_path: Path) -> None:
    net = model(call, tmp_path, write)
    scriptkit.save(net, file := io.BytesIO())
    file.seek(0)
    for form in (net, torch.jit.load(file)):
        for is_short in (True, False, True, False):
            expected, given = torch.tensor([1.0, -2.0, 3.0]), torch.tensor([1.0, -2.0, 3.0])
            with scriptkit.eager():
                result = net(expected, is_short)
            assert torch.equal(form(given, is_short), result)
            assert torch.equal(given, expected)


def test_in_training_a_dropout_gives_another_tensor(tmp_path: Path) -> None:
    net, x = model("self.drop(x)", tmp_path).train(), torch.ones(3)
    assert torch.equal(net(x, True), torch.ones(3))
    assert torch.equal(x, torch.ones(3))


def test_the_program_of_a_function_that_writes_into_no_such_result_is_as_it_was() -> None:
    assert "prim::If" not in str(scriptkit.to_torchscript(Residual()).inlined_graph)
