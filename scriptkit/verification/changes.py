"""Other arguments than the example's: signs, sizes, no rows at all, other numbers and flags, what may be left out."""

from __future__ import annotations

import inspect
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.live.nested import Constant, Nest, build
from scriptkit.live.variations import SIZES, Example, Perturbation, as_dense, perturbations, sizes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from torch import Tensor

    from scriptkit.live.nested import Structure

EMPTY = "empty"
_MOST_VARIANTS = 12
_LARGEST_BOUND = 512


def changes(
    example: Example, forward: Callable[..., Any] | None, bounds: Sequence[int], wanted: Sequence[str] | None
) -> Iterator[Perturbation]:
    """All of them; `wanted` are names of sizes where only these are asked for, `bounds` numbers that code compares."""
    found = perturbations(example, large=example.is_large)
    yield from (one for one in found if wanted is None or not one.axes or any(one.name.endswith(n) for n in wanted))
    yield from _negative(example)
    if wanted is None or EMPTY in wanted:
        yield from _empty(example)
    if wanted is None:
        yield from _towards(example, bounds)
    yield from _constants(example)
    yield from _left_out(example, forward)


def _negative(example: Example) -> Iterator[Perturbation]:
    tensors = [as_dense(t, _all_negative) if t.is_floating_point() else t for t in example.tensors]
    if any(t.is_floating_point() for t in tensors):
        yield example.changed("all negative", tensors)


def _all_negative(tensor: Tensor) -> Tensor:
    return -tensor.abs() - 0.5


def _no_rows(tensor: Tensor) -> Tensor:
    return tensor.narrow(0, 0, 0)


def _empty(example: Example) -> Iterator[Perturbation]:
    if any(tensor.dim() for tensor in example.tensors):
        tensors = [as_dense(t, _no_rows) if t.dim() else t for t in example.tensors]
        axes = frozenset((i, 0) for i, t in enumerate(tensors) if t.dim())
        yield example.changed("dimension 0 empty", tensors, axes)


def _towards(example: Example, bounds: Sequence[int]) -> Iterator[Perturbation]:
    """Sizes just beyond the numbers that the code compares something with."""
    if example.is_large:
        return
    ranks = max((tensor.dim() for tensor in example.tensors), default=0)
    for bound in [b for b in bounds if 1 < b <= _LARGEST_BOUND][:3]:
        for dimension in range(ranks):
            tensors = [as_dense(t, partial(_of_size, dimension=dimension, size=bound + 1)) for t in example.tensors]
            if sum(t.numel() for t in tensors) < 1 << 20:
                axes = frozenset((i, dimension) for i, t in enumerate(tensors) if dimension < t.dim())
                yield example.changed(f"dimension {dimension} of size {bound + 1}", tensors, axes)


def _of_size(tensor: Tensor, dimension: int, size: int) -> Tensor:
    if dimension >= tensor.dim() or not tensor.shape[dimension]:
        return tensor
    return tensor.index_select(dimension, torch.arange(size, device=tensor.device) % tensor.shape[dimension])


def _constants(example: Example) -> Iterator[Perturbation]:
    """Every number, flag and text in turn."""
    for number, (structure, what) in enumerate(_varied(example.structure)):
        if number >= _MOST_VARIANTS:
            return
        yield Perturbation(f"another argument: {what}", Example(example.tensors, structure))


def _varied(structure: Structure) -> Iterator[tuple[Structure, str]]:
    if isinstance(structure, Constant):
        for value in _others(structure.value):
            yield Constant(value), f"{value!r} for {structure.value!r}"
    elif isinstance(structure, Nest) and structure.kind in {"tuple", "list", "dict"}:
        for position, item in enumerate(structure.items):
            for changed, what in _varied(item):
                items = (*structure.items[:position], changed, *structure.items[position + 1 :])
                yield replace(structure, items=items), what


def _others(value: object) -> list[Any]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1, 0]
    if isinstance(value, float):
        return [value * 2 + 1.0, -value, 0.0]
    return []


def _left_out(example: Example, forward: Callable[..., Any] | None) -> Iterator[Perturbation]:
    """Arguments with a default left out; flags, numbers and tensors given where the example leaves them to it."""
    try:
        signature = inspect.signature(forward) if forward is not None else None
        args, kwargs = build(example.structure, example.tensors)
        bound = signature.bind(*args, **kwargs) if signature is not None else None
    except (TypeError, ValueError):
        return
    if signature is None or bound is None:
        return
    for name, parameter in signature.parameters.items():
        if parameter.default is parameter.empty or parameter.kind is parameter.POSITIONAL_ONLY:
            continue
        given = dict(bound.arguments)
        if name in given:
            given.pop(name)
            yield from _called(f"`{name}` left out", signature, given)
        for value in _instead(parameter, bound.arguments, example.tensors):
            spoken = "a tensor" if isinstance(value, torch.Tensor) else repr(value)
            yield from _called(f"`{name}` = {spoken}", signature, {**bound.arguments, name: value})


def _instead(parameter: inspect.Parameter, given: dict[str, Any], tensors: Sequence[Tensor]) -> list[Any]:
    if given.get(parameter.name) is not None and parameter.default is None:
        return [None]
    if parameter.name in given:
        return []
    if parameter.default is None:
        wants_tensor = "Tensor" in str(parameter.annotation) and "ist[" not in str(parameter.annotation)
        return [tensors[0].clone()] if tensors and wants_tensor else []
    return _others(parameter.default)[:2]


def _called(what: str, signature: inspect.Signature, given: dict[str, Any]) -> Iterator[Perturbation]:
    """The call by keywords after the first argument that is missing."""
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    by_position = True
    for name, parameter in signature.parameters.items():
        if name not in given:
            by_position = False
        elif parameter.kind is parameter.VAR_POSITIONAL:
            args += given[name]
        elif parameter.kind is parameter.VAR_KEYWORD:
            kwargs.update(given[name])
        elif by_position and parameter.kind is not parameter.KEYWORD_ONLY:
            args.append(given[name])
        else:
            kwargs[name] = given[name]
    yield Perturbation(what, Example.of(args, kwargs))


__all__ = ["EMPTY", "SIZES", "changes", "sizes"]
