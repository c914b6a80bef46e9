"""Other inputs made from one example: the same values in other signs and scales, every dimension in other sizes.

None of them is known to be legal. What eager code refuses says nothing about the compiled code and is skipped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.live.nested import build, flatten

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from torch import Tensor

    from scriptkit.live.nested import Structure

Axes = frozenset[tuple[int, int]]
VALUES = ("negated", "scaled", "zeros", "flipped")
SIZES = ("cut to one", "grown", "doubled")
WIDE = 8
DTYPES = (torch.float64, torch.float16, torch.bfloat16)
LARGE = 4096


@dataclass(frozen=True)
class Perturbation:
    """Changed arguments, in words what was changed, and which axes (input, dimension) have another size."""

    name: str
    example: Example
    axes: Axes = frozenset()

    @property
    def is_spare(self) -> bool:
        """Worth a run only where the same axes could not be grown otherwise."""
        return self.name.endswith("doubled")

    @property
    def args(self) -> tuple[Any, ...]:
        """The positional arguments."""
        return tuple(build(self.example.structure, self.example.tensors)[0])

    @property
    def kwargs(self) -> dict[str, Any]:
        """The keyword arguments."""
        return dict(build(self.example.structure, self.example.tensors)[1])


@dataclass(frozen=True)
class Example:
    """Example arguments taken apart, so that their tensors can be exchanged."""

    tensors: tuple[Tensor, ...]
    structure: Structure

    @classmethod
    def of(cls, args: Sequence[Any], kwargs: dict[str, Any]) -> Example:
        """Take positional and keyword arguments apart."""
        tensors, structure = flatten((tuple(args), dict(kwargs)))
        return cls(tuple(tensors), structure)

    def changed(self, name: str, tensors: Sequence[Tensor], axes: Axes = frozenset()) -> Perturbation:
        """The same arguments round other tensors."""
        return Perturbation(name, Example(tuple(tensors), self.structure), axes)

    @property
    def is_large(self) -> bool:
        """True where every further run costs more than tracing: fewer and smaller changes must do."""
        return sum(tensor.numel() for tensor in self.tensors) > LARGE


def reductions(example: Example) -> Iterator[Perturbation]:
    """Smaller inputs of the same kind, the smallest first: large dimensions halved, the first cut to one."""
    first = frozenset((i, 0) for i, tensor in enumerate(example.tensors) if tensor.dim())
    big = frozenset((i, d) for i, t in enumerate(example.tensors) for d in range(1, t.dim()) if t.shape[d] >= WIDE)
    for axes, name in (
        (first | big, "first dimension cut to one, large ones halved"),
        (big, "large dimensions halved"),
    ):
        tensors = [_reduced(number, tensor, axes, first) for number, tensor in enumerate(example.tensors)]
        if any(one.shape != other.shape for one, other in zip(tensors, example.tensors, strict=True)):
            yield example.changed(name, tensors, axes)
    if big:
        tensors = [_resized(number, tensor, first, _cut) for number, tensor in enumerate(example.tensors)]
        yield example.changed("first dimension cut to one", tensors, first)


def _reduced(number: int, tensor: Tensor, axes: Axes, first: Axes) -> Tensor:
    return _resized(number, _resized(number, tensor, axes - first, _halved), axes & first, _cut)


def perturbations(example: Example, *, large: bool = False) -> Iterator[Perturbation]:
    """All changes of values and sizes; for large inputs only the most telling ones."""
    yield from values(example, ("negated", "zeros") if large and example.is_large else VALUES)
    yield from sizes(example, ("grown",) if large else SIZES, each=not large)


def values(example: Example, names: Iterable[str] = VALUES) -> Iterator[Perturbation]:
    """Other values of the same shapes; integers stay within the range seen in the example."""
    for name in names:
        tensors = [as_dense(tensor, _CHANGES[name]) for tensor in example.tensors]
        if any(one is not other for one, other in zip(tensors, example.tensors, strict=True)):
            yield example.changed(name, tensors)


def _negated(tensor: Tensor) -> Tensor:
    if tensor.dtype == torch.bool:
        return _alternating(tensor)
    return -tensor if _has_signs(tensor) else tensor


def _alternating(tensor: Tensor) -> Tensor:
    """True and False in turn: a mask of ones hides what a mask does."""
    return (torch.arange(tensor.numel(), device=tensor.device) % 2 == 0).reshape(tensor.shape)


def _scaled(tensor: Tensor) -> Tensor:
    if _has_signs(tensor):
        return tensor * 10 + 3
    return _largest(tensor) if tensor.numel() and tensor.dtype != torch.bool else tensor


def _largest(tensor: Tensor) -> Tensor:
    return tensor.max().expand_as(tensor).clone() if tensor.dim() else tensor


def _zeros(tensor: Tensor) -> Tensor:
    if _has_signs(tensor):
        return torch.zeros_like(tensor)
    return (
        tensor.min().expand_as(tensor).clone()
        if tensor.dim() and tensor.numel() and tensor.dtype != torch.bool
        else tensor
    )


def _flipped(tensor: Tensor) -> Tensor:
    return tensor.flip(list(range(tensor.dim()))) if tensor.dim() else tensor


_CHANGES = {"negated": _negated, "scaled": _scaled, "zeros": _zeros, "flipped": _flipped}


def _has_signs(tensor: Tensor) -> bool:
    return tensor.is_floating_point() or tensor.is_complex()


def sizes(example: Example, names: Iterable[str] = SIZES, *, each: bool = True) -> Iterator[Perturbation]:
    """Dimensions cut to one, grown and doubled: one dimension of all inputs, all dimensions of one size, each alone."""
    seen: set[tuple[torch.Size, ...]] = {tuple(t.shape for t in example.tensors)}
    for axes in _groups(example.tensors, each=each):
        for name in names:
            tensors = [_resized(i, tensor, axes, _RESIZES[name]) for i, tensor in enumerate(example.tensors)]
            shapes = tuple(t.shape for t in tensors)
            if shapes not in seen:
                seen.add(shapes)
                yield example.changed(f"{_spoken(axes, len(tensors))} {name}", tensors, axes)


def _groups(tensors: Sequence[Tensor], *, each: bool) -> list[Axes]:
    """Which axes change together: one dimension of all inputs, equal sizes, each alone; without repetition."""
    every = [(i, d) for i, tensor in enumerate(tensors) for d in range(tensor.dim())]
    by_dimension = [frozenset(a for a in every if a[1] == d) for d in sorted({d for _, d in every})]
    size = {axis: tensors[axis[0]].shape[axis[1]] for axis in every}
    by_size = [frozenset(a for a in every if size[a] == s) for s in sorted(set(size.values()))]
    alone = [frozenset([axis]) for axis in every if each]
    return list(dict.fromkeys(by_dimension + by_size + alone))


def _spoken(axes: Axes, inputs: int) -> str:
    dimensions = sorted({d for _, d in axes})
    which = sorted({i for i, _ in axes})
    text = "dimension " + ", ".join(map(str, dimensions))
    return text if len(which) == inputs else f"{text} of input {', '.join(map(str, which))}"


def _resized(number: int, tensor: Tensor, axes: Axes, resize: Callable[[Tensor, int], Tensor]) -> Tensor:
    for dimension in range(tensor.dim()):
        if (number, dimension) in axes and tensor.shape[dimension]:
            tensor = as_dense(tensor, lambda one, d=dimension: resize(one, d))  # type: ignore[misc]
    return tensor


def as_dense(tensor: Tensor, change: Callable[[Tensor], Tensor]) -> Tensor:
    """A change of a tensor; a sparse one is changed as a dense one, and sparse again."""
    if tensor.layout == torch.strided:
        return change(tensor)
    dense = tensor.to_dense()
    made = change(dense)
    return tensor if made is dense else _in_layout_of(tensor, made)


def _in_layout_of(tensor: Tensor, dense: Tensor) -> Tensor:
    blocks = tensor.values().shape[1:3] if tensor.layout in (torch.sparse_bsr, torch.sparse_bsc) else None
    made: Tensor = dense.to_sparse(layout=tensor.layout, blocksize=blocks)
    return made


def _cut(tensor: Tensor, dimension: int) -> Tensor:
    return tensor.narrow(dimension, 0, 1)


def _halved(tensor: Tensor, dimension: int) -> Tensor:
    return tensor.narrow(dimension, 0, tensor.shape[dimension] // 2)


def _grown(tensor: Tensor, dimension: int) -> Tensor:
    first = tensor.narrow(dimension, 0, 1)
    return torch.cat([tensor, first, first], dimension)


def _doubled(tensor: Tensor, dimension: int) -> Tensor:
    return torch.cat([tensor, tensor], dimension)


def _lengthened(tensor: Tensor, dimension: int, by: int) -> Tensor:
    return torch.cat([tensor, *[tensor.narrow(dimension, 0, 1)] * by], dimension)


def _to(tensor: Tensor, dimension: int, size: int) -> Tensor:
    return tensor.narrow(dimension, 0, min(size, tensor.shape[dimension]))


NEAR = ("cut to two", "one less", "one more", "three more")
"""Sizes that a branch may tell from those of the example."""
_RESIZES: dict[str, Callable[[Tensor, int], Tensor]] = {
    "cut to one": _cut,
    "grown": _grown,
    "doubled": _doubled,
    "cut to two": lambda tensor, dimension: _to(tensor, dimension, 2),
    "one less": lambda tensor, dimension: _to(tensor, dimension, max(tensor.shape[dimension] - 1, 1)),
    "one more": lambda tensor, dimension: _lengthened(tensor, dimension, 1),
    "three more": lambda tensor, dimension: _lengthened(tensor, dimension, 3),
}


def ranks(example: Example) -> Iterator[Perturbation]:
    """All inputs with one dimension more, and with the first dimension taken away."""
    if not all(t.layout in (torch.strided, torch.sparse_coo) for t in example.tensors):
        return  # rows and columns are all that the other layouts have
    yield example.changed("one dimension more", [as_dense(t, lambda one: one.unsqueeze(0)) for t in example.tensors])
    if any(t.dim() for t in example.tensors):
        fewer = [as_dense(t, _first_of) for t in example.tensors]
        yield example.changed("one dimension less", fewer)


def _first_of(tensor: Tensor) -> Tensor:
    return tensor.select(0, 0) if tensor.dim() and tensor.shape[0] else tensor


def strided(example: Example) -> Perturbation:
    """The same values in another memory layout."""
    tensors = [t.mT.contiguous().mT if t.dim() > 1 and t.layout == torch.strided else t for t in example.tensors]
    return example.changed("transposed memory", tensors)


def in_dtype(example: Example, dtype: torch.dtype) -> Perturbation:
    """All floating-point inputs in another dtype."""
    return example.changed(str(dtype), [t.to(dtype) if t.is_floating_point() else t for t in example.tensors])


def on_meta(example: Example) -> Perturbation:
    """All inputs on the meta device, the one other device that is always there."""
    return example.changed("another device", [t.to("meta") for t in example.tensors])
