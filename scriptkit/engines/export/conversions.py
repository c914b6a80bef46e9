"""Conversions of modules while a program is exported: `self.classifier.to(self.dtype)` in a `forward`.

torch cannot exchange the weights of a module that it follows, and most conversions of that kind exchange nothing.
"""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from scriptkit.live.torch_names import look_up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_unseen_by_functions, _unseen_by_dispatch = look_up("unseen by function modes"), look_up("unseen by dispatch modes")


@contextlib.contextmanager
def idle_conversions() -> Iterator[None]:
    """Let this thread convert a module to what it is already; one at a time, for torch has one way for all."""
    before: Callable[..., nn.Module] = nn.Module._apply
    thread = threading.get_ident()

    def apply(self: nn.Module, fn: Callable[[torch.Tensor], torch.Tensor], *args: Any, **kwargs: Any) -> nn.Module:
        if threading.get_ident() == thread and _is_idle(self, fn):
            return self
        return before(self, fn, *args, **kwargs)

    nn.Module._apply = apply  # type: ignore[method-assign]
    try:
        yield
    finally:
        nn.Module._apply = before  # type: ignore[method-assign]


def _is_idle(module: nn.Module, fn: Callable[[torch.Tensor], torch.Tensor]) -> bool:
    """Whether a conversion leaves every tensor as it is: its dtype and its device, for a `forward` says no more."""
    kinds = {(tensor.dtype, tensor.device) for tensor in (*module.parameters(), *module.buffers())}
    with _unseen_by_functions(), _unseen_by_dispatch():  # the tracer does not see the trial
        for dtype, device in kinds:
            made = fn(torch.empty((), dtype=dtype, device=device))
            if (made.dtype, made.device) != (dtype, device):
                return False
    return True
