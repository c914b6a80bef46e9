"""Modules that write, look into themselves, and pick their parts: what `nn.Module` allows besides calls."""

# as other people write them: neither typed nor linted
# mypy: ignore-errors

import copy
import functools
import logging
import warnings
from contextvars import ContextVar
from types import SimpleNamespace

import torch
import torch.nn.functional as F
from torch import nn

from tests.compiling.forms.classes import *

LOGGER = logging.getLogger("forms")
CHOSEN = ContextVar("chosen")
LEVEL = ContextVar("level", default=2)
TOKENLESS = ContextVar("tokenless", default=1)


class WritesThroughSetter(nn.Module):
    def __init__(self):
        super().__init__()
        self._scale = 1

    @property
    def scale(self):
        return self._scale * 2

    @scale.setter
    def scale(self, value):
        self._scale = value + 1

    def forward(self, x):
        self.scale = 4
        return x * self.scale


class WritesAndPutsBack(nn.Module):
    def __init__(self):
        super().__init__()
        self.flag = 0

    def forward(self, x):
        self.flag = 1
        y = x + self.flag
        self.flag = 0
        return y


class LooksIntoItself(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two, self.gone = nn.Linear(3, 3, bias=False), nn.Linear(3, 3), None
        self.register_buffer("scale", torch.full((3,), 2.0))

    def forward(self, x):
        for name, part in self._modules.items():
            if part is not None:
                x = part(x) + len(name)
        for name, parameter in self.one._parameters.items():
            if parameter is not None:
                x = x * parameter.sum()
        for buffer in self._buffers.values():
            x = x * buffer
        for parameter in self.parameters():
            x = x + parameter.mean()
        if not self._forward_hooks and not self.one._backward_hooks:
            x = x + 1
        return x if self.gone is None else self.gone(x)


class ReadsThroughFallback(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 3)
        self.measure = self.fc.weight.norm

    def __getattr__(self, name):
        if name == "alias":
            return super().__getattr__("fc")
        try:
            return super().__getattr__(name)
        except AttributeError:
            if name != "missing":
                raise
            return 3

    def forward(self, x):
        return self.alias(x) * self.missing + self.measure()


class OwnOrder(nn.ModuleList):
    def __iter__(self):
        for number in range(len(self) - 1, -1, -1):
            yield self[number]


class Stages(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(3, 3), nn.Tanh()

    def __iter__(self):
        yield self.second
        yield self.first

    def __len__(self):
        return 7

    def forward(self, x):
        for stage in self:
            x = stage(x)
        return x + len(self)


class WalksInOwnOrder(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = OwnOrder([nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 3)])

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


class PicksByText(nn.Module):
    def __init__(self):
        super().__init__()
        self.heads = nn.ModuleDict({"up": nn.Linear(3, 3), "down": nn.Tanh()})

    def forward(self, x):
        name = "up" if x.sum() > 0 else "down"
        return self.heads[name](x)


class CallsMethodsOfPicked(nn.Module):
    def __init__(self):
        super().__init__()
        self.experts = nn.ModuleList([Expert(1), Expert(2), Expert(3), Expert(4)])

    def forward(self, x):
        expert = self.experts[x.size(0) - 1]
        return expert.half(x) * expert.scale + expert(x)


class Expert(nn.Module):
    def __init__(self, scale):
        super().__init__()
        self.scale = scale
        self.fc = nn.Linear(3, 3)

    def half(self, x):
        return x / (2 * self.scale)

    def forward(self, x):
        return self.fc(x)


class Splits(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2, x.argmax(1), 3

    @staticmethod
    def backward(ctx, *gradients):
        return gradients[0] * 2


class PassesOn(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x

    @staticmethod
    def backward(ctx, gradient):
        return -gradient


class Counting(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return (x > 0).sum()

    @staticmethod
    def backward(ctx, gradient):
        return None


class AppliesFunctions(nn.Module):
    def forward(self, x):
        with torch.no_grad():
            doubled, places, number = Splits.apply(x)
            return doubled, places, number, PassesOn.apply(x), Counting.apply(x)


class SetsContext(nn.Module):
    def forward(self, x):
        first = LEVEL.set(3)
        second = LEVEL.set(4)
        x = x * LEVEL.get()
        LEVEL.reset(second)
        x = x * LEVEL.get()
        LEVEL.reset(first)
        return x * LEVEL.get() + CHOSEN.get(5)


class CopiesSettings(nn.Module):
    def __init__(self):
        super().__init__()
        self.settings = SimpleNamespace(scale=2, parts=[1, 2])
        self.pair = Pair(1, 2)

    def forward(self, x):
        pair = copy.copy(self.pair)
        pair.a = 5
        both = copy.deepcopy([pair, pair])
        both[0].b = 7
        return x * pair.total() + both[1].b + self.pair.a


class Inner:
    def __init__(self, x):
        super().__init__()
        self.x = x


class SaysAloud(nn.Module):
    def forward(self, x):
        warnings.warn("said once")
        LOGGER.info("shape %s", x.shape)
        once("said")
        torch._C._log_api_usage_once("tests.said")
        print(x.shape)
        if torch.overrides.has_torch_function((x,)):
            return x
        y: torch.Tensor
        y = Inner(x).x
        return y + x


@functools.lru_cache(None)
def once(text):
    LOGGER.warning(text)


class PythonTypes(nn.Module):
    def forward(self, x):
        return x.to(float), torch.zeros(3, dtype=int), torch.ones(2, dtype=bool), x.to(dtype=float)


class AnotherShapeInAnArm(nn.Module):
    def forward(self, x):
        if x.size(0) == 4:
            y = x.reshape(2, 6)
        elif x.size(0) == 3:
            y = x.view(-1)
        else:
            y = x
        return y + 1


class SharedAndMissing(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Sequential(nn.Linear(3, 3))
        self.again = self.one
        self.nothing = None
        self.register_module("gone", None)
        self.plain = nn.Linear(3, 3, bias=False)

    def forward(self, x):
        return self.plain(self.again(self.one(x))) if self.gone is None else x


class Attended(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(3, 1)

    def forward(self, x):
        layer = self.attention
        found, weights = F.multi_head_attention_forward(
            x,
            x,
            x,
            3,
            1,
            layer.in_proj_weight,
            layer.in_proj_bias,
            None,
            None,
            False,
            0.0,
            layer.out_proj.weight,
            layer.out_proj.bias,
            training=False,
            need_weights=False,
        )
        return found if weights is None else weights


class ChangesSetsInArms(nn.Module):
    def forward(self, x):
        names, table = {"a"}, {}
        if x.sum() > 0:
            table["first"] = (x, [x * 2])
            y = table["first"][1][0]
        else:
            table["first"] = (x * 3, [x])
            y = x
        return y + len(names), table


class LoopsWithTexts(nn.Module):
    def forward(self, x):
        name, sizes, seen = "", [2, 3], False
        for row in x:
            import math

            name = "set"
            sizes.append(math.floor(2.5))
            seen = seen or bool(row.sum() > 0)
        return x + len(sizes), name == "set", not seen


class RaisesInBothArms(nn.Module):
    def forward(self, x):
        if x.dim() == 3:
            raise ValueError("three")
        if x.size(1) != 3:
            if x.sum() > 0:
                raise ValueError("positive")
            else:
                raise ValueError("negative")
        return x


class ReadsSuper(Expert):
    limit = 3

    def __init__(self):
        super().__init__(2)

    @classmethod
    def made(cls):
        return super().__name__ if hasattr(super(), "unknown") else cls.limit

    def half(self, x):
        def inner(me):
            return super(ReadsSuper, me).half(x)

        return inner(self) + (1 if hasattr(super(), "fc") else 2)

    def forward(self, x):
        return self.half(super().forward(x)) + self.made()
