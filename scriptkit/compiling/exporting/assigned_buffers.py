"""Buffers that a method assigns anew: what it puts there is written into the tensors they had, when it has ended.

No program exchanges a tensor that it holds, and torch only sees it where the outermost module does. Within the method
everything is as its author wrote it: whoever reads the buffer reads what was assigned last.

    self.part.mean = m; ...; return y     ->     mean = m; ...; self.part.mean.copy_(mean); return y
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.compiling.exporting.state import spoken
from scriptkit.engines.export.run_values import NotCarriedError, is_of_sizes, is_open
from scriptkit.live.storages import storage_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor, nn
    from typing_extensions import Self


class ExchangedBufferError(NotCarriedError):
    """A call leaves something in a buffer that its tensor cannot hold; `path` and `name` say which buffer."""

    def __init__(self, held: _Held, what: str, way_out: str) -> None:
        super().__init__(f"the buffer {spoken(held.path, held.name)} {what}", way_out)
        self.path, self.name = held.path, held.name


@dataclass(frozen=True)
class _Held:
    """A buffer as it is before the call."""

    module: nn.Module
    path: str
    name: str
    tensor: Tensor | None


class AssignedBuffers:
    """The buffers of a tree, which hold again what they held before when the block ends."""

    def __init__(self, root: nn.Module) -> None:
        self._root = root
        self._before = root._buffers
        self._parts = [*root.modules()]
        self._held = [
            _Held(part, path, name, tensor)
            for path, part in root.named_modules()
            for name, tensor in part._buffers.items()
        ]

    def __enter__(self) -> Self:
        """What is assigned to the root lands in a dictionary of its own: what torch does then is done here."""
        self._root.__dict__["_buffers"] = dict(self._before)
        return self

    def __exit__(self, *_: object) -> None:
        self._root.__dict__["_buffers"] = self._before
        for part in self._parts:
            part._buffers.clear()
        for one in self._held:
            one.module._buffers[one.name] = one.tensor

    def written_back(self, results: Sequence[Any]) -> list[Any]:
        """Write what was assigned; the results come back, as they were before that. Raises ExchangedBufferError."""
        exchanged = [(tensor, value) for one in self._held for tensor, value in _exchanged(one)]
        memory = {storage_key(tensor) for tensor, _ in exchanged}
        results = [_apart(one, memory) for one in results]
        for tensor, value in [(tensor, _apart(value, memory)) for tensor, value in exchanged]:
            tensor.copy_(value)
        return results


def _exchanged(held: _Held) -> Iterator[tuple[Tensor, Tensor]]:
    """The tensor of a buffer, and what is there now, where that is another one that fits into it."""
    before, now = held.tensor, held.module._buffers.get(held.name)
    if now is before:
        return
    if before is None:
        way_out = f"register it with its first value: `self.register_buffer('{held.name}', torch.zeros(...))`"
        raise ExchangedBufferError(held, "is None before a call and a tensor after it", way_out)
    if now is None:
        raise ExchangedBufferError(held, "is None after a call", "let it stay a tensor, and keep a flag in another one")
    if (now.dtype, now.device) != (before.dtype, before.device):
        what = f"is {_told(before)} before a call and {_told(now)} after it"
        raise ExchangedBufferError(held, what, f"let what is assigned be like it: `value.to(self.{held.name})`")
    if now.dim() != before.dim() or not all(map(_is_equal, now.shape, before.shape)):
        way_out = "register it as large as it can get, write into a part of it, and keep the number of entries in use"
        raise ExchangedBufferError(held, "has other sizes after a call than before it", way_out)
    yield before, now


def _is_equal(one: Any, other: Any) -> bool:
    """Whether two sizes are equal; where only a run knows, the run asks."""
    if is_of_sizes(one) or not is_open(one):
        return bool(one == other)
    torch._check(one == other)
    return True


def _told(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} on {tensor.device}"


def _apart(value: Any, memory: set[int | None]) -> Any:
    """A value that shares no memory with what is about to be overwritten."""
    return value.clone() if isinstance(value, torch.Tensor) and storage_key(value) in memory else value
