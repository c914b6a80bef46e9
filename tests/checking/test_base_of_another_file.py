"""A class whose base is in another file is what that makes it: a module, with exported methods and no `forward`."""

import torch
from torch import Tensor

import scriptkit
from scriptkit import export
from tests.checking.other_base import Gain


class Sets(Gain):
    @export
    def set_gain(self, value: float) -> None:
        self.gain = (value,)

    @export
    def louder(self, x: Tensor) -> Tensor:
        return x * self.gain[0]


def test_its_attributes_may_be_set_in_exported_methods() -> None:
    net = Sets()
    net.set_gain(3.0)
    assert torch.equal(net.louder(torch.ones(2)), torch.full((2,), 3.0))
    assert scriptkit.is_compiled(net)
    assert not scriptkit.report(net).eager_calls
