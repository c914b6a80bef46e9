"""Modules whose trace is right on every input they accept: the tests hold that nobody is warned of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Callable


def image() -> tuple[Any, ...]:
    return (torch.linspace(-1, 1, 2 * 3 * 8 * 8).reshape(2, 3, 8, 8),)


def sequence() -> tuple[Any, ...]:
    return (torch.linspace(-1, 1, 2 * 5 * 8).reshape(2, 5, 8),)


def tokens() -> tuple[Any, ...]:
    return (torch.tensor([[1, 4, 2, 0], [3, 3, 1, 2]]),)


def rows() -> tuple[Any, ...]:
    return (torch.linspace(-1, 1, 24).reshape(3, 8),)


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1)
        self.bn1, self.bn2 = nn.BatchNorm2d(3), nn.BatchNorm2d(3)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + x)


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.qkv, self.out, self.heads = nn.Linear(8, 24), nn.Linear(8, 8), 2

    def forward(self, x: Tensor) -> Tensor:
        b, t, c = x.shape
        qkv = self.qkv(x).reshape(b, t, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        q, k, v = qkv.unbind(0)
        weights = (q @ k.transpose(-2, -1)) / math.sqrt(q.size(-1))
        result: Tensor = self.out((weights.softmax(-1) @ v).transpose(1, 2).reshape(b, t, c))
        return result


class CausalAttention(nn.Module):
    mask: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mask", torch.tril(torch.ones(16, 16, dtype=torch.bool)))
        self.proj = nn.Linear(8, 24)

    def forward(self, x: Tensor) -> Tensor:
        t = x.shape[1]
        q, k, v = self.proj(x).chunk(3, dim=-1)
        scores = (q @ k.mT * q.shape[-1] ** -0.5).masked_fill(~self.mask[:t, :t], -1e9)
        result: Tensor = scores.softmax(-1) @ v
        return result


class UnpacksRows(nn.Module):
    """The first dimension is three by construction, so iterating over it bakes nothing that could vary."""

    def __init__(self) -> None:
        super().__init__()
        self.proj = nn.Linear(8, 24)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.proj(x).reshape(x.shape[0], 3, 8).transpose(0, 1)
        result: Tensor = q * k + v
        return result


class Checks(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        assert x.shape[-1] == 8, "eight features"
        if x.dim() != 2:
            raise ValueError("rows of features")
        if x.shape[0] == 0:
            raise ValueError("no rows")
        result: Tensor = self.linear(x)
        return result


class Recurrent(nn.Module):
    def __init__(self, kind: type[nn.LSTM | nn.GRU]) -> None:
        super().__init__()
        self.rnn = kind(8, 6, batch_first=True, bidirectional=True)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.rnn(x)[0]
        return result


class UNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.down, self.up = nn.Conv2d(3, 6, 3, stride=2, padding=1), nn.Conv2d(9, 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        low = F.relu(self.down(x))
        high = F.interpolate(low, size=x.shape[-2:], mode="bilinear", align_corners=False)
        result: Tensor = self.up(torch.cat([x, high], 1))
        return result


class SqueezeExcite(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.Linear(2, 3), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        b, c = x.size(0), x.size(1)
        scale = self.fc(F.adaptive_avg_pool2d(x, 1).view(b, c)).view(b, c, 1, 1)
        result: Tensor = x * scale.expand_as(x)
        return result


class Positions(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed, self.pos = nn.Embedding(8, 6), nn.Embedding(16, 6)

    def forward(self, ids: Tensor) -> Tensor:
        result: Tensor = self.embed(ids) + self.pos(torch.arange(ids.size(1)))
        return result


class FixedPositions(nn.Module):
    """A learned embedding of fixed length: eager code refuses other lengths, so nothing can go wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.patch, self.pos = nn.Conv2d(3, 4, 4, stride=4), nn.Parameter(torch.zeros(1, 4, 4))

    def forward(self, x: Tensor) -> Tensor:
        patches: Tensor = self.patch(x)
        return patches.flatten(2).transpose(1, 2) + self.pos


class Rotary(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        t, c = x.shape[-2], x.shape[-1]
        angles = torch.arange(t).float()[:, None] / 10000 ** (torch.arange(c // 2).float() / c)
        one, two = x[..., ::2], x[..., 1::2]
        return torch.cat([one * angles.cos() - two * angles.sin(), one * angles.sin() + two * angles.cos()], -1)


class Layers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(8, 8) for _ in range(3))
        self.residual = True

    def forward(self, x: Tensor) -> Tensor:
        for number, layer in enumerate(self.layers):
            y = layer(x)
            x = x + y if self.residual and number else y
        return x


class Graph(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, x: Tensor, edges: Tensor) -> Tensor:
        source, target = edges[0], edges[1]
        total = torch.zeros_like(x).index_add_(0, target, self.linear(x)[source])
        return total / torch.zeros(x.size(0)).index_add_(0, target, torch.ones(source.size(0))).clamp(min=1)[:, None]


class MaskedMean(nn.Module):
    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        if mask is None:
            return x.mean(1)
        return (x * mask[..., None]).sum(1) / mask.sum(1, keepdim=True).clamp(min=1)


class WithOptions(nn.Module):
    def forward(self, x: Tensor, scale: float = 1.0, *, mode: str = "sum", keep: bool = False) -> Tensor:
        return scale * (x.sum(-1, keepdim=keep) if mode == "sum" else x.amax(-1, keepdim=keep))


class Pair(NamedTuple):
    first: Tensor
    second: Tensor | None


@dataclass
class Detection:
    scores: Tensor
    boxes: list[Tensor]
    count: int = 3


class Outputs(nn.Module):
    def forward(self, x: Tensor) -> dict[str, Any]:
        return {"pair": Pair(x * 2, None), "detection": Detection(x.sum(-1), [x, x + 1]), "rows": x.shape[0]}


class Inputs(nn.Module):
    def forward(self, batch: dict[str, Any], pair: tuple[Tensor, Tensor]) -> Tensor:
        first, second = pair
        total: Tensor = batch["x"] * first + batch["nested"]["y"] - second
        return total


class Expression(nn.Module):
    """One expression of tensor operations, given as a function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Any:
        return self.function(x)


class Wrapped(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Any:
        return self.inner(x)


class MovingMean(nn.Module):
    mean: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(8))

    def forward(self, x: Tensor) -> Tensor:
        self.mean.mul_(0.9).add_(x.detach().mean(0), alpha=0.1)
        return x - self.mean


@dataclass(frozen=True)
class SafeCase:
    name: str
    make: Callable[[], nn.Module]
    inputs: Callable[[], tuple[Any, ...]]


def _expression(name: str, function: Callable[..., Any], inputs: Callable[[], tuple[Any, ...]] = rows) -> SafeCase:
    return SafeCase(name, lambda: Expression(function), inputs)


def _wrapped(inner: Callable[[], nn.Module], inputs: Callable[[], tuple[Any, ...]]) -> SafeCase:
    return SafeCase(type(inner()).__name__, lambda: Wrapped(inner()), inputs)


def _graph() -> tuple[Any, ...]:
    return torch.linspace(-1, 1, 20).reshape(5, 4), torch.tensor([[0, 1, 2, 3], [1, 2, 3, 4]])


def _nested() -> tuple[Any, ...]:
    return {"x": torch.ones(3), "nested": {"y": torch.ones(3)}}, (torch.ones(3), torch.zeros(3))


CASES = [
    SafeCase("residual", Residual, image),
    SafeCase("attention", Attention, sequence),
    SafeCase("causal attention", CausalAttention, sequence),
    SafeCase("unpacked rows", UnpacksRows, rows),
    SafeCase("checks", Checks, rows),
    SafeCase("lstm", lambda: Recurrent(nn.LSTM), sequence),
    SafeCase("gru", lambda: Recurrent(nn.GRU), sequence),
    SafeCase("u-net", UNet, image),
    SafeCase("squeeze and excite", SqueezeExcite, image),
    SafeCase("positions", Positions, tokens),
    SafeCase("fixed positions", FixedPositions, image),
    SafeCase("rotary", Rotary, sequence),
    SafeCase("layers", Layers, rows),
    SafeCase("graph", Graph, _graph),
    SafeCase("masked mean", MaskedMean, lambda: (*sequence(), torch.tensor([[1, 1, 1, 0, 0], [1, 1, 1, 1, 0]]))),
    SafeCase("no mask", MaskedMean, sequence),
    SafeCase("options", WithOptions, lambda: (*rows(), 2.5)),
    SafeCase("nested outputs", Outputs, rows),
    SafeCase("nested inputs", Inputs, _nested),
    SafeCase("moving mean", MovingMean, rows),
    _wrapped(lambda: nn.Sequential(nn.Linear(8, 8), nn.GELU(), nn.LayerNorm(8), nn.Dropout(0.1)), rows),
    _wrapped(lambda: nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), sequence),
    _wrapped(lambda: nn.Conv1d(5, 4, 3, padding="same"), sequence),
    _wrapped(lambda: nn.ConvTranspose2d(3, 2, 3, stride=2), image),
    _wrapped(lambda: nn.GroupNorm(3, 3), image),
    _wrapped(lambda: nn.InstanceNorm2d(3), image),
    _wrapped(lambda: nn.AdaptiveAvgPool2d(4), image),
    _wrapped(lambda: nn.Upsample(scale_factor=2.0), image),
    _wrapped(lambda: nn.PixelUnshuffle(2), image),
    _wrapped(nn.GLU, rows),
    _wrapped(lambda: nn.EmbeddingBag(8, 4, mode="sum"), tokens),
    _wrapped(lambda: nn.utils.parametrizations.weight_norm(nn.Linear(8, 3)), rows),
    _expression("flattened", lambda x: x.flatten(1).view(x.size(0), -1), image),
    _expression("softmax over rows", lambda x: x.softmax(-1)),
    _expression("einsum", lambda x: torch.einsum("btc,bsc->bts", x, x), sequence),
    _expression("where", lambda x: torch.where(x > 0, x, -x)),
    _expression("boolean index", lambda x: x[x > 0]),
    _expression("nonzero", lambda x: (x > 0).nonzero()),
    _expression("cumulated", lambda x: x.cumsum(0)[: x.shape[0] // 2 + 1]),
    _expression("top three", lambda x: x.topk(3, dim=1)),
    _expression("halves", lambda x: torch.cat(x.chunk(2, dim=1)[::-1], 1)),
    _expression("zeros like", lambda x: torch.zeros_like(x) + x.new_ones(x.shape)),
    _expression("lower triangle", lambda x: torch.tril(torch.ones(x.size(1), x.size(1))) + x.mean(), sequence),
    _expression("one hot", lambda x: F.one_hot(x, 8), tokens),
    _expression("normalised", lambda x: (x - x.mean(1, keepdim=True)) / (x.var(1, keepdim=True) + 1e-5).sqrt()),
    _expression("repeated", lambda x: x.repeat(2, 1).reshape(2, x.shape[0], x.shape[1])),
    _expression("unfolded", lambda x: F.unfold(x, 3, padding=1), image),
    _expression("padded", lambda x: F.pad(x, (1, 1, 1, 1), mode="reflect"), image),
    _expression("outer", lambda x: x[:, None, :] * x[None, :, :]),
    _expression("sorted", lambda x: x.sort(dim=1, descending=True)),
]
