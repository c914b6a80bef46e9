"""What a program takes: each input with its dtype and dimensions, which of them are free, and why others are not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import torch

from scriptkit.watching.sameness import is_same

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Kind = Literal["free", "range", "equal", "fixed"]


@dataclass(frozen=True)
class Dimension:
    """One dimension of one tensor. `to` is the dimension it has to equal, as (input, dimension).

    `least` and `most` are inclusive, and hold whatever the kind.
    """

    kind: Kind
    size: int
    least: int = 0
    most: int | None = None
    to: tuple[int, int] | None = None
    reason: str = ""

    def misfit(self, size: int) -> str:
        """What is wrong with another size, in words; empty where nothing is."""
        if self.least <= size and (self.most is None or size <= self.most):
            return ""
        because = f": {self.reason}" if self.reason else ""
        if self.kind == "fixed":
            return f"is fixed at {self.size}, and was {size}{because}"
        limit = f"at least {self.least}" if size < self.least else f"at most {self.most}"
        return f"must be {limit}, and was {size}{because}"


@dataclass(frozen=True)
class TensorInput:
    """A tensor."""

    name: str
    dtype: torch.dtype
    device: str
    dimensions: tuple[Dimension, ...]

    def misfits(self, value: Any, values: Sequence[Any], names: Sequence[str]) -> Iterator[str]:
        """What is wrong with an argument, in words."""
        if not isinstance(value, torch.Tensor):
            yield f"'{self.name}' must be a tensor, and was {told(value)}"
            return
        if value.dtype != self.dtype:
            yield f"'{self.name}' must be {_dtype(self.dtype)}, and was {_dtype(value.dtype)}"
        if value.device.type != self.device:
            yield f"'{self.name}' must be on {self.device}, and was on {value.device.type}"
        if value.dim() != len(self.dimensions):
            yield f"'{self.name}' must have {len(self.dimensions)} dimensions, and had {value.dim()}"
            return
        for number, (dimension, size) in enumerate(zip(self.dimensions, value.shape, strict=True)):
            wrong = dimension.misfit(size) or self._unequal(dimension, size, values, names)
            if wrong:
                yield f"dimension {number} of '{self.name}' {wrong}"

    @staticmethod
    def _unequal(dimension: Dimension, size: int, values: Sequence[Any], names: Sequence[str]) -> str:
        if dimension.to is None:
            return ""
        other, place = dimension.to
        tensor = values[other]
        if not isinstance(tensor, torch.Tensor) or place >= tensor.dim() or tensor.shape[place] == size:
            return ""
        return f"must be that of dimension {place} of '{names[other]}', {tensor.shape[place]}, and was {size}"


@dataclass(frozen=True)
class NumberInput:
    """A whole number that may vary."""

    name: str
    value: int
    least: int | None = None
    most: int | None = None
    reason: str = ""

    def misfits(self, value: Any, values: Sequence[Any], names: Sequence[str]) -> Iterator[str]:  # noqa: ARG002
        """What is wrong with an argument, in words."""
        because = f": {self.reason}" if self.reason else ""
        if isinstance(value, bool) or not isinstance(value, int):
            yield f"'{self.name}' must be a whole number, and was {told(value)}"
        elif self.least is not None and value < self.least:
            yield f"'{self.name}' must be at least {self.least}, and was {value}{because}"
        elif self.most is not None and value > self.most:
            yield f"'{self.name}' must be at most {self.most}, and was {value}{because}"


@dataclass(frozen=True)
class FixedInput:
    """A value that is part of the program."""

    name: str
    value: Any

    def misfits(self, value: Any, values: Sequence[Any], names: Sequence[str]) -> Iterator[str]:  # noqa: ARG002
        """What is wrong with an argument, in words."""
        if not is_same(self.value, value):
            yield f"'{self.name}' is part of the program: it was exported with {told(self.value)}, not {told(value)}"


Input = TensorInput | NumberInput | FixedInput


def misfits(inputs: Sequence[Input], values: Sequence[Any]) -> Iterator[str]:
    """Everything that is wrong with the inputs of a call, guards aside."""
    names = [one.name for one in inputs]
    for one, value in zip(inputs, values, strict=True):
        yield from one.misfits(value, values, names)


def told(value: Any) -> str:
    """A value in a few words."""
    if isinstance(value, torch.Tensor):
        return f"a tensor of shape {list(value.shape)}"
    text = repr(value)
    return text if len(text) <= 40 else f"a {type(value).__name__}"  # noqa: PLR2004 - what a line holds


def _dtype(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
