"""Modules that cannot become TorchScript: the line that stands in the way ends with the words that tell why."""

# as other people write them: neither typed nor linted
# mypy: ignore-errors

import functools

import torch
from torch import nn


class Written(nn.Module):
    """What a module may not write in a call, one after the other."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 3)
        self.register_buffer("count", torch.zeros(3))
        self.register_buffer("empty", None)
        self.register_buffer("0", torch.zeros(3))


class WritesMode(Written):
    def forward(self, x):
        self.training = not self.training  # says: `WritesMode.training` is written in the call
        return x


class WritesPart(Written):
    def forward(self, x):
        self.fc = nn.Identity()  # says: `WritesPart.fc` is written in the call
        return x


class WritesWeight(Written):
    def forward(self, x):
        self.fc.weight = self.fc.bias  # says: `Linear.weight` is written in the call
        return x


class WritesOutside(Written):
    def forward(self, x):
        OUTSIDE.flag = 1  # says: `Dropout.flag` is written in the call
        return x


class WritesWithOwnCode(Written):
    def __setattr__(self, name, value):
        super().__setattr__(name, value)

    def forward(self, x):
        self.flag = 1  # says: `WritesWithOwnCode.flag` is written in the call
        return x


class WritesNothing(Written):
    def forward(self, x):
        self.count = 3  # says: the buffer `count` becomes or was something that is no tensor
        return x


class WritesOverNothing(Written):
    def forward(self, x):
        self.empty = x  # says: the buffer `empty` becomes or was something that is no tensor
        return x


class WritesAnotherRank(Written):
    def forward(self, x):
        self.count = x  # says: the buffer `count` gets another dtype or rank
        return x


class WritesInALoop(Written):
    def forward(self, x):
        for row in x:
            self.count = self.count + row  # says: the buffer `count` is written from outside its module, or in a loop
        return x


class WritesAnothersBuffer(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Written()

    def forward(self, x):
        y = x + self.inner.count
        self.inner.count = y[0]  # says: the buffer `count` is written from outside its class after it was read
        return y


class WritesANumberedBuffer(Written):
    def forward(self, x):
        setattr(self, "0", x[0])  # says: the buffer `0` is written
        return x


class ReadsHooks(Written):
    def forward(self, x):
        return x if self._state_dict_hooks else x + 1  # says: `_state_dict_hooks` is read


class ReadsDescriptor(Written):
    value = functools.cached_property(lambda self: 3)

    def forward(self, x):
        return x * self.value  # says: `ReadsDescriptor.value` is a `cached_property`


class ReadsDescriptorOfParent(ReadsDescriptor):
    def forward(self, x):
        return x * super().value  # says: `ReadsDescriptorOfParent.value` is a `cached_property`


class ReadsNoAttributeOfParent(Written):
    def forward(self, x):
        return super().fc(x)  # says: the call raises AttributeError: 'super' object has no attribute 'fc'


class OwnNames(nn.ModuleDict):
    def __iter__(self):
        return iter(["a"])


class AsksOwnNames(nn.Module):
    def __init__(self):
        super().__init__()
        self.parts = OwnNames({"a": nn.Linear(3, 3)})

    def forward(self, x):
        for part in self.parts.values():  # says: `OwnNames.values` may be its own
            x = part(x)
        return x


class WalksItself(Written):
    def forward(self, x):
        return [part for part in self.fc]  # says: an iteration over a `Linear`


class MovesItself(Written):
    def forward(self, x):
        return self.fc.to(torch.float64)(x)  # says: `to` of a module is called in the call


class CalledInAnotherWay(Written):
    def __init__(self):
        super().__init__()
        self.part = OwnCall()

    def forward(self, x):
        return self.part(x)  # says: `OwnCall` has a `__call__` of its own


class OwnCall(nn.Module):
    __call__ = functools.partial(torch.add, 2)


class OutOfReach(nn.Module):
    def forward(self, x):
        layer = OUTSIDE_PARAMETERS
        return x + layer.weight  # says: `Linear.weight` belongs to a module outside the one that is compiled


OUTSIDE = nn.Dropout(0.5)
OUTSIDE_PARAMETERS = nn.Linear(3, 3)


class PicksNothing(nn.Module):
    def __init__(self):
        super().__init__()
        self.parts = nn.ModuleDict({"part_7": nn.Linear(3, 3)})

    def forward(self, x):
        return self.parts[f"expert_{x.size(0)}"](x)  # says: one of 0 objects is picked at run time
