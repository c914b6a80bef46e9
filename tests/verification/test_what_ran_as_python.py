"""`verify` tells where a form ran as Python, so that it was compared with itself; `save` names the line that raises."""

import io

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule
from scriptkit.errors import ArtifactError

X = torch.rand(2, 3)


class Net(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.fc(x)
        return out


class Plain(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast("cpu"):
            out: Tensor = self.fc(x)
        return out


def verified(net: nn.Module) -> str:
    return str(scriptkit.verify(net, (X,), modes=["eval"], sizes=[], rtol=1.0, atol=1.0))


def test_a_form_that_ran_as_python_is_told() -> None:
    net = Net()
    net.fc.register_forward_hook(lambda _module, _inputs, output: output)
    assert "not compared: the compiled form, where calls ran as Python: a submodule has hooks" in verified(net)
    assert "ran as Python" not in verified(Net())


def test_so_is_a_foreign_one() -> None:
    told = verified(scriptkit.compile(Plain(), (X,), modes={"": "script"}))
    assert "where calls ran as Python: `forward` switches autocast on" in told
    assert "ran as Python" not in verified(scriptkit.compile(nn.Linear(3, 3), (X,)))


def test_save_names_the_line_that_raises_on_the_examples() -> None:
    told = r"`forward` raises RuntimeError on its example inputs, at .*\.py:22: (addmm: )?mat1"  # the name: 2.15
    with pytest.raises(ArtifactError, match=told):
        scriptkit.save(Net(), io.BytesIO(), example_inputs=(torch.rand(2, 5),))
    with pytest.raises(ArtifactError, match="`forward` does not take its example inputs"):
        scriptkit.save(Net(), io.BytesIO(), example_inputs=(X, X))
