"""Lists whose length only a run knows, while a program is exported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from scriptkit.engines.export.run_values import NotCarriedError, is_open

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Self

_WAY_OUT = "stack it first (`torch.stack`) and read the tensor, or let a size of the inputs decide its length"


class Growing(list[Any]):
    """A list within a loop that only a run ends: how long it is by now is a tensor, and nothing in it can be read."""

    def __init__(self, head: Sequence[Any], count: Tensor) -> None:
        super().__init__(head)
        self.used = count


class Rows(list[Any]):
    """A list of tensors of one shape, of a length that only a run knows: what stood before, and one stacked tensor."""

    stacked: Tensor

    def __init__(self, head: Sequence[Any], stacked: Tensor) -> None:
        super().__init__(list.__iter__(head) if isinstance(head, Rows) else head)
        self.stacked = stacked if not isinstance(head, Rows) else torch.cat([head.stacked, stacked])

    def append(self, item: Any) -> None:
        """What comes later stands behind the rows."""
        self.stacked = torch.cat([self.stacked, item.unsqueeze(0)])

    def extend(self, items: Any) -> None:
        """Each of the items, behind the rows."""
        for item in list.__iter__(items):
            self.append(item)
        if isinstance(items, Rows):
            self.stacked = torch.cat([self.stacked, items.stacked])

    def copy(self) -> Rows:
        """Another list of the same."""
        return Rows(list(list.__iter__(self)), self.stacked)

    def __iadd__(self, items: Any) -> Self:
        self.extend(items)
        return self

    def __add__(self, other: Any) -> Any:
        made = self.copy()
        made.extend(other)
        return made

    def __radd__(self, other: list[Any]) -> Rows:
        return Rows([*other, *list.__iter__(self)], self.stacked)


def unbind(tensor: Tensor, dim: int = 0) -> Any:
    """`tensor.unbind(dim)`."""
    if is_open(tensor.shape[dim]):
        return Rows((), tensor.movedim(dim, 0))
    return tensor.unbind(dim)


def stack(items: Any, dim: int = 0, **more: Any) -> Tensor:
    """`torch.stack`."""
    if not isinstance(items, Rows):
        return torch.stack(items, dim, **more)
    rows = torch.movedim(items.stacked, 0, dim)
    return torch.cat([torch.stack(list(items), dim), rows], dim) if list.__len__(items) else rows


def cat(items: Any, dim: int = 0, **more: Any) -> Tensor:
    """`torch.cat`."""
    if not isinstance(items, Rows):
        return torch.cat(items, dim, **more)
    place = dim if dim >= 0 else dim + items.stacked.dim() - 1
    rows = torch.movedim(items.stacked, 0, place).flatten(place, place + 1)
    return torch.cat([*items, rows], dim) if list.__len__(items) else rows


def length(value: Any) -> Any:
    """`len(value)`."""
    if isinstance(value, Rows):
        return list.__len__(value) + value.stacked.shape[0]
    if isinstance(value, Growing):
        return value.used
    return value.shape[0] if isinstance(value, Tensor) else len(value)


def item_of(value: Any, index: Any) -> Any:
    """`value[index]`, the index being one number."""
    if isinstance(value, Growing):
        raise NotCarriedError("a list that grows in a loop is read there", _WAY_OUT)
    if isinstance(value, Rows):
        if list.__len__(value):
            raise NotCarriedError("a list of a length that only a run knows is read by number", _WAY_OUT)
        return _at(value.stacked, 0, index)
    if isinstance(value, Tensor):
        return _at(value, 0, index)
    if isinstance(index, Tensor):
        return _at(torch.stack(list(value)), 0, index)
    return value[index]


def _at(tensor: Tensor, dim: int, index: Any) -> Tensor:
    """One entry along a dimension; an index that only a run knows stays a tensor."""
    if isinstance(index, Tensor):
        return tensor.index_select(dim, index.reshape(1)).squeeze(dim)
    return torch.select(tensor, dim, index)


def getitem(value: Any, index: Any) -> Any:
    """`value[index]`."""
    if isinstance(value, (Rows, Growing)):
        if isinstance(index, slice):
            raise NotCarriedError("a list of a length that only a run knows is cut", _WAY_OUT)
        return item_of(value, index)
    return value[index]


def pick(value: Any, index: Any, places: tuple[int, ...]) -> Any:
    """`value[index]`, where the numbers at these places of the index may be known to a run only."""
    if isinstance(value, (Rows, Growing)) or not isinstance(value, Tensor):
        return item_of(value, index)
    parts = index if isinstance(index, tuple) else (index,)
    chosen = [(place, part) for place, part in enumerate(parts) if place in places]
    if any(part != slice(None) for place, part in enumerate(parts) if place not in places):
        return value[index]
    for place, part in reversed(chosen):
        value = _at(value, place, part)
    return value
