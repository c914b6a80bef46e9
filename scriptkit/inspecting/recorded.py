"""One call of a Python module, watched: what goes in and out of each submodule, and how long it takes."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from scriptkit import switches
from scriptkit.live.copies import random_states_kept, with_fresh_tensors
from scriptkit.live.lives import life_of
from scriptkit.live.nested import flatten
from scriptkit.live.undoing import nothing_left

if TYPE_CHECKING:
    from scriptkit.live.side_by_side import Given

_CALLS_BEFORE = 2


@dataclass
class PartCall:
    """What a submodule got and gave, in words, and the seconds spent in it."""

    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass
class Recorded:
    """The calls of all submodules by path."""

    calls: dict[str, PartCall] = field(default_factory=dict)

    def share(self, path: str) -> float | None:
        """The part of the time of the whole call that was spent in a submodule; None for one that was not called."""
        whole = self.calls[""].seconds if "" in self.calls else 0.0
        return None if path not in self.calls or not whole else self.calls[path].seconds / whole


def record(module: torch.nn.Module, given: Given) -> Recorded:
    """Call a life of a module as Python, and note every submodule; the first calls, which are slow, are not counted."""
    with nothing_left(module, given=given), random_states_kept(), torch.no_grad(), switches.eager():
        life = life_of(module)
        args, kwargs = with_fresh_tensors(given)
        for _ in range(_CALLS_BEFORE):
            life(*args, **kwargs)
        watcher = _Watcher(life)
        life(*args, **kwargs)
        watcher.remove()
    return watcher.recorded


class _Watcher:
    def __init__(self, life: torch.nn.Module) -> None:
        self.recorded = Recorded()
        self._began: list[float] = []
        self._hooks = []
        for path, part in life.named_modules():
            self._hooks.append(part.register_forward_pre_hook(self._enter, with_kwargs=True))
            self._hooks.append(part.register_forward_hook(self._leaver(path), with_kwargs=True))

    def _enter(self, *_: Any) -> None:
        self._began.append(time.perf_counter())

    def _leaver(self, path: str) -> Any:
        def leave(_: Any, args: Any, kwargs: Any, result: Any) -> None:
            call = self.recorded.calls.setdefault(path, PartCall())
            call.seconds += time.perf_counter() - self._began.pop()
            call.inputs, call.outputs = told((args, kwargs)), told(result)

        return leave

    def remove(self) -> None:
        """Take the hooks off."""
        for hook in self._hooks:
            hook.remove()


def told(value: Any) -> tuple[str, ...]:
    """The tensors of a value in words: `float32[2, 8, 32, 32]`."""
    return tuple(f"{str(t.dtype).removeprefix('torch.')}{list(t.shape)}" for t in flatten(value)[0])
