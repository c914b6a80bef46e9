"""Tensors that a module computes from others when it is called: `weight_norm`, `spectral_norm`, pruning.

The old form is a hook that torch sets, the new one a parametrization. Code made of `forward` alone has neither:
a program that is to live by itself, in a file, needs what computes them in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch.nn.parameter import is_lazy
from torch.nn.utils import parametrize

from scriptkit.live.hooks import FORWARD_HOOKS, has_hooks_of_torch
from scriptkit.live.programs import is_compiled

if TYPE_CHECKING:
    from torch import nn


def computing(module: nn.Module) -> list[str]:
    """The paths in a tree at which torch's hooks compute tensors, or parametrizations that keep a state."""
    return [
        path
        for path, part in module.named_modules()
        if not is_compiled(part)
        and not _is_lazy(part)
        and (_has_computing_hooks(part) or has_changing_parametrization(part))
    ]


def _has_computing_hooks(part: nn.Module) -> bool:
    return any(vars(part)[kind] for kind in FORWARD_HOOKS) and has_hooks_of_torch(part)


def has_changing_parametrization(part: nn.Module, name: str | None = None) -> bool:
    """Whether computing the parametrized tensors of a module, or one of them, writes buffers."""
    if not parametrize.is_parametrized(part):
        return False
    parametrizations: Any = part.parametrizations
    lists = [parametrizations[name]] if name is not None else parametrizations.values()
    return any(True for one in lists for _ in one.buffers())


def _is_lazy(part: nn.Module) -> bool:
    """Lazy modules have hooks of torch's that go with the first call."""
    return any(t is not None and is_lazy(t) for t in (*part._parameters.values(), *part._buffers.values()))
