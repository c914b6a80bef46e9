"""What `torch.jit.script` left behind elsewhere in the process is not met."""

import io
import warnings

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule


class Raw(nn.Module):
    """`torch.jit.script` refuses it, and leaves a half-defined method on the type of its ParameterDict."""

    def __init__(self) -> None:
        super().__init__()
        self.shifts = nn.ParameterDict({"a": nn.Parameter(torch.ones(2))})

    def forward(self, x: Tensor) -> Tensor:
        for shift in self.shifts.values():
            x = x + shift
        return x


class Net(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.shifts = nn.ParameterDict({"a": nn.Parameter(torch.ones(2))})

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.shifts["a"]
        return out


def test_a_refusal_of_torch_jit_script_leaves_nothing_that_a_module_meets() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(RuntimeError):
            torch.jit.script(Raw())
    net = Net()
    scriptkit.save(net, io.BytesIO())
    torch.testing.assert_close(net(torch.ones(2)), torch.full((2,), 2.0))


class SwitchesAPart(nn.Module):
    """Calls a method that every module has: torch defines it on the type of the part before it refuses it."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        self.fc.train(False)
        out: Tensor = self.fc(x)
        return out


def test_a_method_that_is_refused_late_damages_no_type_in_use() -> None:
    x = torch.ones(1, 2)
    before = scriptkit.compile(nn.Linear(2, 2), (x,))
    module = SwitchesAPart().eval()
    compiled = scriptkit.compile(module, (x,))
    torch.testing.assert_close(compiled(x), module.fc(x))
    for one in (before, scriptkit.compile(nn.Linear(2, 2), (x,))):
        scriptkit.save(one, io.BytesIO())
