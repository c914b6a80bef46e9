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

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from torch import nn


_FEWEST, _MOST = 5, 30
_LONGEST_SECONDS = 10.0
_SETTLED = 1.15
_CONTAINERS = (dict, list)


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
    with random_states_kept(), gradients_kept(module), _state_kept(module):
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
    """Give parameters and buffers their content, and attributes their value back."""
    before = [(part, dict(part.__dict__), _contents(part)) for part in module.modules()]
    tensors = [(t, shared_until_written(t)) for t in (*module.parameters(), *module.buffers()) if _has_memory(t)]
    try:
        yield
    finally:
        with torch.no_grad():
            for tensor, content in tensors:
                if not is_same_memory(tensor, content):
                    tensor.copy_(content)
        for part, attributes, contents in before:
            for name, value in attributes.items():
                if not name.startswith("__"):
                    part.__dict__[name] = value
            for container, content in contents:
                container.clear()
                container.update(content) if isinstance(container, dict) else container.extend(content)


def _has_memory(tensor: torch.Tensor) -> bool:
    return storage_key(tensor) is not None


def _contents(part: nn.Module) -> list[tuple[Any, Any]]:
    """Every dictionary and list among the attributes, with a copy of what is in it."""
    values = (value for name, value in part.__dict__.items() if not name.startswith("__"))
    return [(value, copy.copy(value)) for value in values if type(value) in _CONTAINERS]
