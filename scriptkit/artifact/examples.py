"""Example arguments: described for the manifest, and made again from the description."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from scriptkit.artifact.literals import literal_text, literal_value
from scriptkit.artifact.manifest import Example, MappingExample, SequenceExample, TensorExample, ValueExample
from scriptkit.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST = float(2**63 - 1024)  # the largest number of 64 bits that a float can hold


def described(value: object, fixed_dimensions: Sequence[int] = ()) -> Example | None:
    """What the manifest says of an argument or a result; None of an object. Tensors are described, not stored."""
    try:
        return _described(value, fixed_dimensions)
    except ArtifactError:
        return None


def _described(value: object, fixed_dimensions: Sequence[int]) -> Example:
    if isinstance(value, torch.Tensor):
        return _described_tensor(value, fixed_dimensions)
    if isinstance(value, dict):
        items = [_described(item, fixed_dimensions) for item in value.values()]
        return MappingExample(keys=[literal_text(key) for key in value], items=items)
    if isinstance(value, (list, tuple)):
        return SequenceExample(
            kind="list" if isinstance(value, list) else "tuple",
            items=[_described(item, fixed_dimensions) for item in value],
        )
    return ValueExample(literal=literal_text(value))


def _described_tensor(tensor: torch.Tensor, fixed_dimensions: Sequence[int]) -> TensorExample:
    minimum, maximum = _range(tensor)
    return TensorExample(
        shape=list(tensor.shape),
        dtype=str(tensor.dtype).removeprefix("torch."),
        device=str(tensor.device),
        minimum=minimum,
        maximum=maximum,
        fixed_dimensions=sorted(fixed_dimensions),
    )


def _range(tensor: torch.Tensor) -> tuple[float | None, float | None]:
    if tensor.is_complex() or tensor.is_quantized or tensor.layout != torch.strided:
        return None, None
    values = tensor.detach().to("cpu", torch.float64)
    finite = values[torch.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.numel() else (None, None)


def made_again(example: Example, generator: torch.Generator) -> object:
    """An argument that fits the description: the same shapes and types, elements drawn from the recorded range."""
    if isinstance(example, TensorExample):
        return _made_tensor(example, generator)
    if isinstance(example, MappingExample):
        items = [made_again(item, generator) for item in example.items]
        return dict(zip(map(literal_value, example.keys), items, strict=True))
    if isinstance(example, SequenceExample):
        items = [made_again(item, generator) for item in example.items]
        return items if example.kind == "list" else tuple(items)
    return literal_value(example.literal)


def _made_tensor(example: TensorExample, generator: torch.Generator) -> torch.Tensor:
    dtype: torch.dtype = getattr(torch, example.dtype)
    low = example.minimum if example.minimum is not None else 0.0
    high = example.maximum if example.maximum is not None else 1.0
    drawn = torch.rand(example.shape, generator=generator, dtype=torch.float64)
    if dtype.is_floating_point or dtype.is_complex:
        return (low + drawn * (high - low)).to(dtype)
    whole = low + torch.floor(drawn * (math.floor(high) - low + 1))
    return whole.clamp(max=_MOST).to(dtype)
