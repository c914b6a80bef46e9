"""Modules as other people write them; each `forward` takes one float tensor of three columns."""

# as other people write them: neither typed nor linted
# mypy: ignore-errors

import copy
import dataclasses
import enum
import functools
import logging
import os
import random
import warnings
from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import Tensor, nn


LOGGER = logging.getLogger("forms")


class WalksContainers(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleDict({"a": nn.Linear(3, 3), "b": nn.Tanh()})
        self.list = nn.ModuleList([nn.Linear(3, 3), nn.ReLU()])
        self.scales = nn.ParameterList([nn.Parameter(torch.ones(3)), nn.Parameter(torch.full((3,), 2.0))])
        self.named = nn.ParameterDict({"p": nn.Parameter(torch.ones(3)), "q": nn.Parameter(torch.zeros(3))})
        self.sequence = nn.Sequential(OrderedDict(first=nn.Linear(3, 3), second=nn.ReLU()))

    def forward(self, x):
        for name, layer in self.layers.items():
            x = layer(x) + len(name)
        for key in self.layers:
            x = self.layers[key](x)
        for key in self.layers.keys():
            x = x + (1 if key in self.layers else 0)
        for layer in self.layers.values():
            x = layer(x)
        for layer, scale in zip(self.list, self.scales):
            x = layer(x) * scale
        for name, parameter in self.named.items():
            x = x + parameter * len(name)
        for name in self.named:
            x = x * (self.named[name] + 1)
        for number, layer in enumerate(self.sequence):
            x = layer(x) + number
        x = self.sequence[0](x) + self.sequence.second(x) + self.list[-1](x) + self.scales[1]
        for layer in self.sequence[:1]:
            x = layer(x)
        return x + len(self.layers) + len(self.list) + len(self.scales) + len(self.named) + len(self.sequence)


class WalksTree(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Linear(3, 3)
        self.two = nn.Sequential(nn.Linear(3, 3), nn.ReLU())

    def forward(self, x):
        for child in self.children():
            x = child(x)
        for name, child in self.named_children():
            x = child(x) + len(name)
        x = self.get_submodule("two.0")(x)
        total = sum(p.sum() for p in self.parameters())
        for name, parameter in self.named_parameters():
            if name.endswith("bias"):
                total = total + parameter.mean()
        linear = [m for m in self.modules() if isinstance(m, nn.Linear)]
        return x * total + len(linear)


class AsksItself(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("table", torch.arange(3.0))
        self.register_buffer("missing", None)
        self.register_parameter("bias", None)
        self.linear = nn.Linear(3, 3)
        self.maybe = None

    @property
    def width(self):
        return self.linear.out_features

    @classmethod
    def factor(cls):
        return 2

    @staticmethod
    def shifted(x, by=1):
        return x + by

    def __getattr__(self, name):
        if name == "lazily":
            return 5
        return super().__getattr__(name)

    def forward(self, x):
        if self.bias is not None:
            x = x + self.bias
        if self.missing is None and self.maybe is None and not hasattr(self, "nothing"):
            x = x + self.table
        if hasattr(self, "linear") and getattr(self, "width") == 3:
            x = self.linear(x)
        x = self.shifted(x, by=self.factor()) * self.lazily
        return x.to(self.linear.weight.device, self.linear.weight.dtype) + self.table.shape[0]


class Base(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(3))

    @property
    def twice(self):
        return 2

    def part(self, x):
        return x * self.scale

    def forward(self, x):
        return self.part(x)


class Inherits(Base):
    @property
    def twice(self):
        return super().twice * 2

    def part(self, x):
        return super().part(x) + 1

    def forward(self, x):
        return super().forward(x) + Base.forward(self, x) * self.twice + super(Inherits, self).part(x)


class Attends(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)
        self.up = nn.Linear(3, 4)

    def forward(self, x):
        y = self.up(x)[None]
        out, weights = self.attention(y, y, y)
        alone, nothing = self.attention(y, y, y, need_weights=False)
        return out, weights, alone, nothing is None


class Norms(nn.Module):
    def __init__(self):
        super().__init__()
        self.batch = nn.BatchNorm1d(3)
        self.layer = nn.LayerNorm(3)
        self.group = nn.GroupNorm(1, 3)
        self.instance = nn.InstanceNorm1d(3, affine=True)
        self.drop = nn.Dropout(0)

    def forward(self, x):
        return (
            self.drop(self.layer(self.batch(x)))
            + self.group(x)
            + self.instance(x[None].transpose(1, 2)).transpose(1, 2)[0]
        )


class Counts(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros(3))

    def forward(self, x):
        self.calls += 1
        self.calls = self.calls * 2
        return x + self.calls


class Memoizes(nn.Module):
    def __init__(self):
        super().__init__()
        self.seen = 3

    def forward(self, x):
        self.seen = 3
        return x + self.seen


class CallsMethods(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Base()
        self.call = self.inner.part
        self.act = F.gelu
        self.partial = functools.partial(F.softmax, dim=-1)
        self.table = {"relu": nn.ReLU(), "f": torch.tanh}

    def forward(self, x):
        return (
            self.call(x)
            + self.act(x)
            + self.partial(x)
            + self.inner.part(x)
            + self.table["f"](x)
            + self.inner.forward(x)
        )


class Logs(nn.Module):
    def forward(self, x):
        LOGGER.debug("shape %s", x.shape)
        if os.environ.get("SCRIPTKIT_FORMS_UNSET", "") == "1" or os.getenv("SCRIPTKIT_FORMS_UNSET"):
            return x
        if torch.jit.is_scripting() or torch.jit.is_tracing():
            return x + 100 - 99
        return x + 1


class Squares(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return 2 * x * gradient


class AppliesFunction(nn.Module):
    def forward(self, x):
        return Squares.apply(x)


class OwnSequential(nn.Sequential):
    def forward(self, x):
        for layer in self:
            x = layer(x) + 1
        return x


class UsesOwnSequential(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = OwnSequential(nn.Linear(3, 3), nn.ReLU())

    def forward(self, x):
        return self.blocks(x)


class Embeds(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(10, 3, padding_idx=0)
        self.register_buffer("positions", torch.arange(10)[None], persistent=False)

    def forward(self, x):
        n = x.size(0)
        return self.embedding(self.positions[:, :n]) + x


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(3, 4, batch_first=True)
        self.lstm = nn.LSTM(3, 4)

    def forward(self, x):
        out, hidden = self.gru(x[None])
        second, (h, c) = self.lstm(x[:, None])
        return out, hidden, second, h + c


class Convolves(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(3, 4, 1)
        self.pool = nn.AdaptiveAvgPool1d(1)
        self.flat = nn.Flatten()
        self.up = nn.Upsample(scale_factor=2)

    def forward(self, x):
        y = self.conv(x.t()[None])
        return self.flat(self.pool(y)), self.up(y)


class KeywordOptions(nn.Module):
    def __init__(self):
        super().__init__()
        self.options = {"dim": -1}

    def inner(self, x, *more, scale=1.0, **options):
        return F.softmax(x, **options) * scale + len(more)

    def forward(self, x):
        return self.inner(x, 1, 2, scale=2.0, **self.options)


class EnumConfig(enum.Enum):
    A = "a"
    B = "b"


@dataclasses.dataclass
class Settings:
    kind: EnumConfig = EnumConfig.A
    sizes: tuple = (1, 2)
    more: dict = dataclasses.field(default_factory=lambda: {"rate": 0.5})


class Configured(nn.Module):
    def __init__(self):
        super().__init__()
        self.settings = Settings()

    def forward(self, x):
        s = self.settings
        if s.kind is EnumConfig.A and s.kind.value == "a" and s.kind.name == "A":
            x = x * s.more["rate"] + s.sizes[-1]
        for n in s.sizes:
            x = x + n
        return x
