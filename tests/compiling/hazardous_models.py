"""Small modules whose trace is wrong on other inputs: one hazard each, in project code, with the name it must get."""

from __future__ import annotations

import math
import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Callable

SCALE = [2.0]


class BranchOnSum(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 0:
            return x + 1
        return x - 1


class BranchOnBatch(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * 2 if x.shape[0] > 3 else x


class RareBranch(nn.Module):
    """No perturbation reaches the other branch; the escape alone gives it away."""

    def forward(self, x: Tensor) -> Tensor:
        return x * 2 if bool(x.max() > 1e6) else x


class RareSize(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.size(1) >= 4096:
            return x.mean(1)
        return x.sum(1)


class BranchOnEqual(nn.Module):
    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x if torch.equal(x, y) else x + y


class BranchOnAllclose(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x if torch.allclose(x, torch.zeros_like(x)) else x / x.abs().max()


class BranchOnContains(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * 0 if 7 in x else x


class WhileData(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        while x.abs().max() > 1:
            x = x / 2
        return x


class LoopOverSize(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        state = torch.zeros_like(x[0])
        for step in range(x.size(0)):
            state = 0.5 * state + x[step]
        return state


class LoopOverRows(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        total = torch.zeros_like(x[0])
        for row in x:
            total = total * 0.5 + row
        return total


class LoopOverUnbind(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        total = torch.zeros_like(x[:, 0])
        for column in x.unbind(1):
            total = total * 0.5 + column
        return total


class LoopOverSplit(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.stack([part.sum() for part in torch.split(x, 2)])


class LoopUntilData(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        total = x
        for _ in range(int(x.abs().sum())):
            total = total + 1
        return total


class Comprehension(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.stack([x[i] * i for i in range(len(x))])


class ItemAsFactor(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * x.max().item()


class FloatOfMean(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x - float(x.mean())


class ItemAsShape(nn.Module):
    def forward(self, n: Tensor) -> Tensor:
        return torch.ones(int(n.max()), 2)


class ToList(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.tensor(sorted(x.tolist()))


class NumpyRoundTrip(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.from_numpy(np.tanh(x.numpy()))


class NumpyProduct(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.ones(int(np.prod(x.shape))) * x.sum()


class Ceil(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x[: math.ceil(x.shape[0] / 2)]


class PadToMultiple(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        missing = int(-x.shape[-1] % 4)
        return nn.functional.pad(x, (0, missing))


class DtypeOfInput(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.arange(3, dtype=x.dtype)[:, None] + x.sum()


class BranchOnDtype(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.float() * 2 if x.dtype == torch.float16 else x


class CastToOther(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.linear(x)
        return torch.arange(4).to(self.linear.weight.dtype) * y


class MostNegative(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.masked_fill(x < 0, torch.finfo(x.dtype).min)


class DeviceOfInput(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + torch.arange(x.shape[1], device=x.device)


class BranchOnCuda(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x if x.device.type == "cpu" else x * 2


class BranchOnRank(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.dim() == 2:
            return x * 2
        return x


class LengthOfShape(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.sum(tuple(range(1, len(x.shape))))


class Counter(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return x * self.calls


class Remembers(nn.Module):
    last: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("last", torch.zeros(4))

    def forward(self, x: Tensor) -> Tensor:
        self.last = self.last + x.sum(0)
        return self.last


class PythonRandom(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * random.random()


class NumpyRandom(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * float(np.random.default_rng().random())


class AsksForInferenceMode(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * 2 if torch.is_inference_mode_enabled() else x


class Clock(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * time.time()


class NoGrad(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.backbone, self.head = nn.Linear(4, 4), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            features = self.backbone(x)
        head: Tensor = self.head(features)
        return head


class InferenceMode(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        with torch.inference_mode():
            y: Tensor = self.fc(x)
        return y


class Catches(nn.Module):
    """Torch ends the process where a trace holds an operator that failed."""

    def forward(self, x: Tensor) -> Tensor:
        try:
            y = x.view(7, -1)
        except RuntimeError:
            y = x
        return y * 2


class CatchesOfData(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        try:
            return x * x.item()
        except RuntimeError:
            return x


class OptionalKey(nn.Module):
    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        x = batch["x"]
        return x * batch["mask"] if "mask" in batch else x


class KeyOrDefault(nn.Module):
    def forward(self, batch: dict[str, Any]) -> Tensor:
        x: Tensor = batch["x"]
        scale: float = batch.get("scale", 1.0)
        return x * scale


class Nested(nn.Module):
    """The hazard sits in a function that a child calls."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(4, 4), BranchOnSum())

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.inner(x)
        return result


class ShortCircuit(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        flip = x.size(0) == 5 and bool(x[0, 0] > 0)
        return -x if flip else x


class BranchOnLayout(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x if x.is_contiguous() else x * 2


class TriesAView(nn.Module):
    """The `view` goes well for the example; for an odd number of rows Python goes on another way."""

    def forward(self, x: Tensor) -> Tensor:
        try:
            pairs = x.view(-1, 6)
        except RuntimeError:
            pairs = x.repeat(1, 2)
        return pairs * 2


class Counted:
    """An object of the caller, without tensors."""

    def __init__(self) -> None:
        self.calls = 0


class CountsInAnObject(nn.Module):
    def forward(self, x: Tensor, counted: Counted) -> Tensor:
        counted.calls += 1
        return x * 2


class AppendsToAList(nn.Module):
    def forward(self, x: Tensor, seen: list[Any]) -> Tensor:
        seen.append(type(x))
        return x * 2


class AddsToASet(nn.Module):
    def forward(self, x: Tensor, names: set[str]) -> Tensor:
        names.add("x")
        return x * 2


@dataclass(frozen=True)
class HazardCase:
    make: Callable[[], nn.Module]
    inputs: Callable[[], tuple[Any, ...]]
    kind: str


def _matrix() -> tuple[Any, ...]:
    return (torch.linspace(0.1, 2.0, 20).reshape(5, 4),)


def _row() -> tuple[Any, ...]:
    return (torch.tensor([1.0, 3.0, 2.0, 0.5]),)


CASES = [
    HazardCase(BranchOnSum, _matrix, "baked-branch"),
    HazardCase(BranchOnBatch, _matrix, "baked-branch"),
    HazardCase(RareBranch, _matrix, "baked-branch"),
    HazardCase(RareSize, _matrix, "baked-branch"),
    HazardCase(BranchOnEqual, lambda: (torch.ones(3), torch.ones(3)), "baked-branch"),
    HazardCase(BranchOnAllclose, _row, "baked-branch"),
    HazardCase(BranchOnContains, _row, "baked-branch"),
    HazardCase(WhileData, _row, "baked-loop"),
    HazardCase(LoopOverSize, _matrix, "baked-loop"),
    HazardCase(LoopOverRows, _matrix, "baked-loop"),
    HazardCase(LoopOverUnbind, _matrix, "baked-loop"),
    HazardCase(LoopOverSplit, _row, "baked-loop"),
    HazardCase(LoopUntilData, _row, "baked-loop"),
    HazardCase(Comprehension, _matrix, "baked-loop"),
    HazardCase(ItemAsFactor, _row, "baked-value"),
    HazardCase(FloatOfMean, _row, "baked-value"),
    HazardCase(ItemAsShape, lambda: (torch.tensor([2, 5, 3]),), "baked-value"),
    HazardCase(ToList, _row, "baked-value"),
    HazardCase(NumpyRoundTrip, _row, "baked-value"),
    HazardCase(NumpyProduct, _matrix, "baked-shape"),
    HazardCase(Ceil, _row, "baked-shape"),
    HazardCase(PadToMultiple, lambda: (torch.ones(2, 6),), "baked-shape"),
    HazardCase(DtypeOfInput, _row, "baked-dtype"),
    HazardCase(BranchOnDtype, _row, "baked-dtype"),
    HazardCase(CastToOther, _matrix, "baked-dtype"),
    HazardCase(MostNegative, lambda: (torch.tensor([1.0, -1.0]),), "baked-dtype"),
    HazardCase(DeviceOfInput, _matrix, "baked-device"),
    HazardCase(BranchOnCuda, _matrix, "baked-device"),
    HazardCase(BranchOnRank, _matrix, "baked-rank"),
    HazardCase(LengthOfShape, _matrix, "baked-rank"),
    HazardCase(Counter, _matrix, "baked-state"),
    HazardCase(Remembers, _matrix, "baked-state"),
    HazardCase(PythonRandom, _matrix, "baked-random"),
    HazardCase(NumpyRandom, _matrix, "baked-random"),
    HazardCase(Clock, _matrix, "baked-environment"),
    HazardCase(AsksForInferenceMode, _matrix, "baked-environment"),
    HazardCase(NoGrad, _matrix, "baked-grad-mode"),
    HazardCase(InferenceMode, _matrix, "baked-grad-mode"),
    HazardCase(OptionalKey, lambda: ({"x": torch.ones(3)},), "baked-keys"),
    HazardCase(KeyOrDefault, lambda: ({"x": torch.ones(3)},), "baked-keys"),
    HazardCase(Nested, _matrix, "baked-branch"),
    HazardCase(BranchOnLayout, _matrix, "baked-layout"),
    HazardCase(ShortCircuit, _matrix, "baked-branch"),
    HazardCase(CountsInAnObject, lambda: (torch.ones(3), Counted()), "baked-argument"),
    HazardCase(AppendsToAList, lambda: (torch.ones(3), []), "baked-argument"),
    HazardCase(AddsToASet, lambda: (torch.ones(3), {"y"}), "baked-argument"),
    HazardCase(TriesAView, lambda: (torch.ones(4, 3),), "baked-shape"),
]
