"""Lists whose length only a run knows, while a program is exported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from scriptkit.engines.export.followed import is_within
from scriptkit.engines.export.run_values import NotCarriedError, as_tensor, is_open

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
        self.stacked = torch.cat([self.stacked, as_tensor(item).unsqueeze(0)])

    def extend(self, items: Any) -> None:
        """Each of the items, behind the rows."""
        for item in list.__iter__(items):
            self.append(item)
        if isinstance(items, Rows):
            self.stacked = torch.cat([self.stacked, items.stacked])

    def whole(self) -> Tensor:
        """All of them in one tensor."""
        head = [as_tensor(item) for item in list.__iter__(self)]
        return torch.cat([torch.stack(head), self.stacked]) if head else self.stacked

    def reverse(self) -> None:
        """The last one first; one tensor holds them all then."""
        rows = self.whole().flip(0)
        self.clear()
        self.stacked = rows

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


def readable(items: Any) -> Any:
    """What a loop reads by number: torch follows no list of ours into one."""
    return items.whole() if isinstance(items, Rows) else items


def listed(items: Any) -> Any:
    """`list(items)`."""
    return items.copy() if isinstance(items, Rows) else list(items)


def split(tensor: Tensor, size: Any, dim: int = 0) -> Any:
    """`tensor.split(size, dim)`."""
    if type(size) is int and size == 1 and is_open(tensor.shape[dim]):
        place = dim if dim >= 0 else dim + tensor.dim()
        return Rows((), tensor.movedim(place, 0).unsqueeze(place + 1))
    return tensor.split(size, dim)


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
    places = _chosen(value, index)
    return pick(value, index, places) if places else value[index]


def _chosen(value: Any, index: Any) -> tuple[int, ...]:
    """Where an index has a whole number in a tensor, which torch would read out of it within an operator."""
    if not is_within() or not isinstance(value, Tensor):
        return ()
    parts = index if isinstance(index, tuple) else (index,)
    return tuple(place for place, part in enumerate(parts) if _is_number(part))


def _is_number(part: Any) -> bool:
    is_whole = isinstance(part, Tensor) and not part.dtype.is_floating_point and part.dtype != torch.bool
    return is_whole and part.dim() == 0


def window(value: Any, index: Any, place: int, length: Any) -> Any:
    """`value[..., first : first + length, ...]`; `index` has the first number at the place of the slice.

    Where only a run knows that number, all of the entries have to be there: Python would give fewer at the end.
    """
    parts = list(index) if isinstance(index, tuple) else [index]
    first = parts[place]
    if not _is_window(value, parts, place, length):
        parts[place] = slice(first, first + length)
        return getitem(value, tuple(parts) if isinstance(index, tuple) else parts[0])
    view, (dim,) = _without_plain(value, parts, [place])
    return view.index_select(dim, _entries(first, length))


def set_window(value: Any, index: Any, item: Any, place: int, length: Any, end: Any) -> None:
    """`value[..., first:end, ...] = item`, the slice being of that length."""
    parts = list(index) if isinstance(index, tuple) else [index]
    first = parts[place]
    if not _is_window(value, parts, place, length):
        parts[place] = slice(first, end)
        value[tuple(parts)] = item
        return
    view, (dim,) = _without_plain(value, parts, [place])
    rows = torch.as_tensor(item).to(view.dtype)
    if rows.dim() < view.dim():
        rows = rows.expand((*view.shape[:dim], length, *view.shape[dim + 1 :]))
    view.index_copy_(dim, _entries(first, rows.shape[dim]), rows)


def _is_window(value: Any, parts: Sequence[Any], place: int, length: Any) -> bool:
    """Whether only a run knows where it begins, and all else is known."""
    is_open_ = isinstance(parts[place], Tensor) and isinstance(value, Tensor) and not isinstance(length, Tensor)
    return is_open_ and all(map(_is_plain, _others(parts, place)))


def _entries(first: Tensor, length: Any) -> Tensor:
    return first.reshape(1) + torch.arange(length, device=first.device)


def _others(parts: Sequence[Any], place: int) -> list[Any]:
    return [part for number, part in enumerate(parts) if number != place]


def set_item(value: Any, index: Any, item: Any, places: tuple[int, ...]) -> None:
    """`value[index] = item`, where the numbers at these places of the index may be known to a run only.

    A number becomes a tensor there, not a constant, which no part of a program can hold.
    """
    if isinstance(value, Tensor) and isinstance(item, (bool, int, float)):
        item = value.new_full((), item)
    parts = index if isinstance(index, tuple) else (index,)
    sized = [place for place in places if isinstance(parts[place], torch.SymInt)]
    if sized and isinstance(value, Tensor) and all(map(_is_plain, parts)):
        _entry(value, parts, sized).copy_(item)
        return
    chosen = sorted({*(place for place in places if isinstance(parts[place], Tensor)), *_chosen(value, index)})
    others = [part for place, part in enumerate(parts) if place not in chosen]
    if not isinstance(value, Tensor) or len(chosen) != 1 or not all(map(_is_plain, others)):
        value[index] = item
        return
    view, (dim,) = _without_plain(value, parts, chosen)
    _write_row(view, dim, parts[chosen[0]], item)


def _entry(tensor: Tensor, parts: Sequence[Any], places: Sequence[int]) -> Tensor:
    """The view at an index with numbers that follow from sizes: torch would take them for those of the example."""
    view, dims = _without_plain(tensor, parts, places)
    for dim, place in reversed([*zip(dims, places, strict=True)]):
        view = torch.select(view, dim, parts[place])
    return view


def _write_row(tensor: Tensor, dim: int, index: Tensor, item: Any) -> None:
    """`tensor.select(dim, index).copy_(item)`, the number being known to a run only."""
    size = tensor.shape[dim]
    at = torch.where(index < 0, index + size, index).reshape(1)
    shape = (*tensor.shape[:dim], *tensor.shape[dim + 1 :])
    tensor.index_copy_(dim, at, torch.as_tensor(item).to(tensor.dtype).expand(shape).unsqueeze(dim))


def pick(value: Any, index: Any, places: tuple[int, ...]) -> Any:
    """`value[index]`, where the numbers at these places of the index may be known to a run only."""
    if isinstance(value, (Rows, Growing)) or not isinstance(value, Tensor):
        return item_of(value, index)
    parts = index if isinstance(index, tuple) else (index,)
    if not all(_is_plain(part) for place, part in enumerate(parts) if place not in places):
        return value[index]
    value, dims = _without_plain(value, parts, places)
    for dim, place in reversed([*zip(dims, places, strict=True)]):
        value = _at(value, dim, parts[place])
    return value


def _is_plain(part: Any) -> bool:
    """Whether a part of an index is a number or a slice that is known now."""
    return isinstance(part, slice) or (isinstance(part, (int, torch.SymInt)) and not isinstance(part, bool))


def _without_plain(tensor: Tensor, parts: Sequence[Any], places: Sequence[int]) -> tuple[Tensor, list[int]]:
    """A view of what the plain parts of an index choose, and the dimensions of it that the others choose from."""
    view = tensor[tuple(slice(None) if place in places else part for place, part in enumerate(parts))]
    taken = [isinstance(part, int) and place not in places for place, part in enumerate(parts)]
    return view, [place - sum(taken[:place]) for place in places]
