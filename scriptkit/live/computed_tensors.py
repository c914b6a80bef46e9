"""Tensors that a module computes from others when it is called: `weight_norm`, `spectral_norm`, pruning.

The old form is a hook that torch sets, the new one a parametrization. Code made of `forward` alone has neither:
a program that is to live by itself, in a file, needs what computes them in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.nn.parameter import is_lazy
from torch.nn.utils import parametrize

from scriptkit.live.copies import random_states_kept
from scriptkit.live.hooks import FORWARD_HOOKS, has_hooks_of_torch
from scriptkit.live.lives import life_of
from scriptkit.live.programs import is_compiled
from scriptkit.live.storages import is_same_memory

if TYPE_CHECKING:
    from torch import nn


def computing(module: nn.Module, *, parametrizations: bool = True) -> list[str]:
    """The paths in a tree at which torch's hooks compute tensors, or parametrizations that write when they do."""
    return [
        path
        for path, part in module.named_modules()
        if not is_compiled(part)
        and not _is_lazy(part)
        and (_has_computing_hooks(part) or (parametrizations and changes_when_read(part)))
    ]


def _has_computing_hooks(part: nn.Module) -> bool:
    return any(vars(part)[kind] for kind in FORWARD_HOOKS) and has_hooks_of_torch(part)


def keeps_state(part: nn.Module, name: str) -> bool:
    """Whether the parametrization of a tensor has buffers, which it may write."""
    parametrizations: Any = getattr(part, "parametrizations", {})
    return parametrize.is_parametrized(part) and any(True for _ in parametrizations[name].buffers())


def changes_when_read(part: nn.Module) -> bool:
    """Whether a life of a module has other buffers once its parametrized tensors were read in training."""
    if not parametrize.is_parametrized(part):
        return False
    names = [name for name in part.parametrizations if keeps_state(part, name)]  # type: ignore[union-attr]
    if not names:
        return False
    life, before = life_of(part).train(), life_of(part)
    with torch.no_grad(), random_states_kept():
        for name in names:
            getattr(life, name)
    return not all(map(is_same_memory, life.buffers(), before.buffers()))


def _is_lazy(part: nn.Module) -> bool:
    """Lazy modules have hooks of torch's that go with the first call."""
    return any(t is not None and is_lazy(t) for t in (*part._parameters.values(), *part._buffers.values()))
