"""Values that only a run knows, while a program is exported: their truth, their conversions, numbers as tensors."""

from __future__ import annotations

import functools
import operator
from typing import Any

import torch
from torch import Tensor


class NotCarriedError(TypeError):
    """A branch or a loop has to carry something that no operator of torch.export carries; `way_out` says what is."""

    def __init__(self, message: str, way_out: str) -> None:
        super().__init__(message)
        self.way_out = way_out


def is_open(value: Any) -> bool:
    """Whether only a run knows this value."""
    if isinstance(value, Tensor):
        return True
    symbolic = isinstance(value, (torch.SymInt, torch.SymBool, torch.SymFloat))
    return symbolic and bool(value.node.expr.free_symbols)


def is_of_sizes(value: Any) -> bool:
    """Whether a value follows from the sizes of the inputs, so that a program may be made for a part of these."""
    return isinstance(value, (torch.SymInt, torch.SymBool, torch.SymFloat)) and bool(value.node.has_hint())


def truth(value: Any) -> Any:
    """`bool(value)`."""
    if isinstance(value, Tensor):
        return value.reshape(()).to(torch.bool)
    if isinstance(value, (torch.SymInt, torch.SymFloat)):
        return value != 0
    return value if isinstance(value, torch.SymBool) else bool(value)


def negated(value: Any) -> Any:
    """`not value`."""
    if isinstance(value, Tensor):
        return torch.logical_not(value)
    return torch.sym_not(value) if isinstance(value, torch.SymBool) else not value


def both(one: Any, other: Any) -> Any:
    """`one and other`, of truths."""
    if isinstance(one, bool):
        return other if one else False
    if isinstance(other, bool):
        return one if other else False
    if isinstance(one, Tensor) or isinstance(other, Tensor):
        return torch.logical_and(as_tensor(one), as_tensor(other))
    return one & other


def either(one: Any, other: Any) -> Any:
    """`one or other`, of truths."""
    if isinstance(one, bool):
        return True if one else other
    if isinstance(other, bool):
        return True if other else one
    if isinstance(one, Tensor) or isinstance(other, Tensor):
        return torch.logical_or(as_tensor(one), as_tensor(other))
    return one | other


def to_int(value: Any) -> Any:
    """`int(value)`."""
    if isinstance(value, Tensor):
        whole = value.trunc() if value.dtype.is_floating_point else value
        return whole.to(torch.int64).reshape(()).item()
    if isinstance(value, torch.SymInt):
        return value
    return torch.sym_int(value) if isinstance(value, torch.SymFloat) else int(value)


def to_float(value: Any) -> Any:
    """`float(value)`."""
    if isinstance(value, Tensor):
        return value.to(torch.float64).reshape(()).item()
    return torch.sym_float(value) if isinstance(value, (torch.SymInt, torch.SymFloat)) else float(value)


def rounds(first: Any, last: Any, step: int = 1) -> Any:
    """How many numbers `range(first, last, step)` has."""
    span, width = (last - first, step) if step > 0 else (first - last, -step)
    if isinstance(span, Tensor):
        return torch.div(span + (width - 1), width, rounding_mode="floor").clamp(min=0)
    return torch.sym_max((span + width - 1) // width, 0)


def shortest(*lengths: Any) -> Any:
    """The least of several numbers."""
    if any(isinstance(length, Tensor) for length in lengths):
        return torch.stack([as_tensor(length) for length in lengths]).amin()
    return functools.reduce(torch.sym_min, lengths)


def greatest(*values: Any) -> Any:
    """`max(...)` of numbers."""
    return _one_of(values, torch.maximum, torch.sym_max, max)


def smallest(*values: Any) -> Any:
    """`min(...)` of numbers."""
    return _one_of(values, torch.minimum, torch.sym_min, min)


def _one_of(values: tuple[Any, ...], of_tensors: Any, of_sizes: Any, of_python: Any) -> Any:
    items = values if len(values) > 1 else list(values[0])
    if not any(map(is_open, items)):
        return of_python(items)
    if any(isinstance(item, Tensor) for item in items):
        return functools.reduce(of_tensors, map(as_tensor, items))
    return functools.reduce(of_sizes, items)


def equal(one: Tensor, other: Tensor) -> Any:
    """`torch.equal`."""
    if one is other or one.dtype != other.dtype:
        return one is other or torch.equal(one, other)
    if one.dim() != other.dim() or any(map(operator.ne, one.shape, other.shape)):
        return False
    return (one == other).all()


def allclose(one: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Any:  # noqa: FBT001, FBT002 - torch's own signature
    """`torch.allclose`."""
    return torch.isclose(one, other, rtol=rtol, atol=atol, equal_nan=equal_nan).all()


def as_tensor(value: Any) -> Tensor:
    """A number as a tensor without dimensions, in the dtype that Python's number has."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, bool):
        return torch.scalar_tensor(value, dtype=torch.bool)
    if isinstance(value, torch.SymBool):
        return torch.scalar_tensor(torch.sym_ite(value, 1, 0), dtype=torch.int64).to(torch.bool)
    number: Any = value
    if isinstance(value, (int, torch.SymInt)):
        return torch.scalar_tensor(number, dtype=torch.int64)
    if isinstance(value, (float, torch.SymFloat)):
        return torch.scalar_tensor(number, dtype=torch.float64)
    message = f"a {type(value).__name__} leaves a branch or a loop that only a run decides"
    raise NotCarriedError(message, "let tensors and numbers leave it, and make the rest of them behind it")
