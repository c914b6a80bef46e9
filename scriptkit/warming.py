"""`warmup`: the slow first calls of a compiled module, made before they matter.

The first calls of compiled code are watched, and the code is specialised to what was seen; the third or so is fast.
What was specialised belongs to the class: other instances of it profit too.
"""

from __future__ import annotations

import copy
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.arguments import positional
from scriptkit.artifact.loaded import LoadedModule
from scriptkit.engines.torchscript.engine import state
from scriptkit.live import programs
from scriptkit.live.copies import gradients_kept, random_states_kept, with_fresh_tensors
from scriptkit.live.storages import is_same_memory, shared_until_written, storage_key
from scriptkit.live.undoing import contents_kept, modes_kept, written_modules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from torch import nn


_FEWEST, _MOST = 5, 30
_LONGEST_SECONDS = 10.0
_SETTLED = 1.15


def warmup(
    m: nn.Module | LoadedModule,
    example_inputs: tuple[Any, ...],
    *,
    example_kwargs: Mapping[str, Any] | None = None,
) -> None:
    """Call a compiled or loaded module with the inputs until its calls take what they will take from then on.

    Give inputs of the ranks and dtypes that will come, and call it in the mode they will come in (`torch.no_grad()`,
    training or not): each is specialised apart. The state and random numbers are afterwards what they were.
    """
    given = positional(example_inputs)
    module: Any = m.module if isinstance(m, LoadedModule) else m
    if programs.is_script_module(module) and state.sets_attributes(module):
        module = copy.deepcopy(module)  # of the same compiled class, which is what is specialised
    with _state_kept(module):
        _call_until_steady(lambda: module(*with_fresh_tensors(given), **with_fresh_tensors(dict(example_kwargs or {}))))


def _call_until_steady(call: Callable[[], object]) -> None:
    """At least five calls; then until two in a row take hardly longer than the fastest."""
    taken: list[float] = []
    while len(taken) < _MOST and sum(taken) < _LONGEST_SECONDS:
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
        if len(taken) >= _FEWEST and max(taken[-2:]) <= _SETTLED * min(taken):
            return


@contextmanager
def _state_kept(module: nn.Module) -> Iterator[None]:
    """Leave nothing of calls of the module itself: parameters, buffers, and whatever its attributes hold."""
    parts = list(written_modules(module))
    compiled = [part for part in parts if programs.is_compiled(part)]  # whatever else holds a buffer is noted below
    tensors = [t for part in parts for t in part.parameters()] + [t for part in compiled for t in part.buffers()]
    own = {id(tensor): tensor for tensor in tensors if _has_memory(tensor)}
    contents = [(tensor, tensor.requires_grad, shared_until_written(tensor)) for tensor in own.values()]
    with random_states_kept(), modes_kept(), gradients_kept(module), contents_kept(parts):
        try:
            yield
        finally:
            with torch.no_grad():
                for tensor, requires_grad, content in contents:
                    if not is_same_memory(tensor, content):
                        tensor.copy_(content)
                    if tensor.requires_grad != requires_grad:
                        tensor.requires_grad_(requires_grad)


def _has_memory(tensor: torch.Tensor) -> bool:
    return storage_key(tensor) is not None
