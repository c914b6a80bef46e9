"""Whether two nested results are the same, and where and by how much they are not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.live.nested import Constant, Leaf, Nest, flatten
from scriptkit.live.storages import is_same_memory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.live.nested import Structure

# as torch.testing.assert_close has them, a little wider: a fused or reordered sum is no mistake
TOLERANCES = {
    torch.float16: (2e-3, 1e-4),
    torch.bfloat16: (2e-2, 1e-4),
    torch.float32: (1e-4, 1e-5),
    torch.float64: (1e-7, 1e-7),
    torch.complex64: (1e-4, 1e-5),
    torch.complex128: (1e-7, 1e-7),
}
EXACT = (0.0, 0.0)


@dataclass(frozen=True)
class Tolerance:
    """How far apart two numbers may be; without values it depends on the dtype, and integers must be equal."""

    rtol: float | None = None
    atol: float | None = None

    def of(self, dtype: torch.dtype) -> tuple[float, float]:
        """The relative and the absolute tolerance for one dtype."""
        rtol, atol = TOLERANCES.get(dtype, EXACT)
        if dtype not in TOLERANCES:
            return EXACT
        return (rtol if self.rtol is None else self.rtol), (atol if self.atol is None else self.atol)


@dataclass(frozen=True)
class Difference:
    """One place where two results differ: its path, what is different, and the largest difference of the numbers."""

    path: str
    what: str
    largest: float = 0.0


def compare(expected: Any, actual: Any, tolerance: Tolerance | None = None, path: str = "output") -> list[Difference]:
    """All differences between two nested results, named by path: `output[0]['a']`."""
    ours, theirs = flatten(expected), flatten(actual)
    return list(_compare(ours, theirs, tolerance or Tolerance(), path))


_Flat = tuple[list[torch.Tensor], "Structure"]


def _compare(expected: _Flat, actual: _Flat, tolerance: Tolerance, path: str) -> Iterator[Difference]:
    (tensors, one), (others, other) = expected, actual
    if isinstance(one, Leaf) and isinstance(other, Leaf):
        yield from _compare_tensors(tensors[one.index], others[other.index], tolerance, path)
    elif isinstance(one, Constant) and isinstance(other, Constant):
        if not _equal_constants(one.value, other.value, tolerance):
            yield Difference(path, f"{one.value!r} became {other.value!r}")
    elif isinstance(one, Nest) and isinstance(other, Nest) and one.keys == other.keys and one.kind == other.kind:
        for key, mine, its in zip(one.keys, one.items, other.items, strict=True):
            inner = f"{path}.{key}" if one.kind in {"dataclass", "object"} else f"{path}[{key!r}]"
            yield from _compare((tensors, mine), (others, its), tolerance, inner)
    else:
        yield Difference(path, f"{_describe(one)} became {_describe(other)}")


def _compare_tensors(one: torch.Tensor, other: torch.Tensor, tolerance: Tolerance, path: str) -> Iterator[Difference]:
    for name in ("shape", "dtype", "device", "layout"):
        mine, its = getattr(one, name), getattr(other, name)
        if mine != its:
            yield Difference(path, f"{name} {_plain(mine)} became {_plain(its)}")
            return
    if one.device.type == "meta" or not one.numel() or is_same_memory(one, other):
        return
    one, other = _dense(one.detach()), _dense(other.detach())
    if torch.equal(one, other):
        return  # much sooner known than whether they are close
    rtol, atol = tolerance.of(one.dtype)
    if not torch.allclose(one, other, rtol=rtol, atol=atol, equal_nan=True):
        yield Difference(path, *_how_far(one, other))


def _dense(tensor: torch.Tensor) -> torch.Tensor:
    if tensor.is_quantized:
        return tensor.dequantize()
    return tensor if tensor.layout == torch.strided else tensor.to_dense()


def _how_far(one: torch.Tensor, other: torch.Tensor) -> tuple[str, float]:
    wide = torch.complex128 if one.is_complex() else torch.float64
    apart = (one.to(wide) - other.to(wide)).abs()
    apart = torch.where(one == other, torch.zeros_like(apart), apart)
    if bool(apart.isnan().any()):
        return "nan where the other is a number, or another infinity", float("inf")
    largest = float(apart.max())
    differing = int((apart > 0).sum())
    return f"{differing} of {one.numel()} elements differ, by at most {largest:.3g}", largest


def _equal_constants(one: Any, other: Any, tolerance: Tolerance) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        rtol, atol = tolerance.of(torch.float64)
        return one == other or (one != one and other != other) or abs(one - other) <= atol + rtol * abs(one)  # noqa: PLR0124
    if one is other or type(one) is not type(other):
        return one is other
    return "__eq__" not in _own_methods(type(one)) or bool(one == other)


def _own_methods(kind: type) -> set[str]:
    return {name for base in kind.__mro__[:-1] for name in vars(base)}


def _describe(structure: Structure) -> str:
    if isinstance(structure, Leaf):
        return "a tensor"
    return (
        repr(structure.value)
        if isinstance(structure, Constant)
        else f"a {structure.type.__name__} of {len(structure.items)}"
    )


def _plain(value: object) -> str:
    return str(list(value)) if isinstance(value, torch.Size) else str(value)
