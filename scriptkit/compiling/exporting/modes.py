"""Whether `train()` and `eval()` make a difference to a method."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scriptkit.compiling.exporting import state
from scriptkit.compiling.exporting.running import Original

if TYPE_CHECKING:
    from torch import nn


def is_the_same_in_both_modes(module: nn.Module, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """No class in the tree reads `training`, and a run in the other mode gives the same."""
    if any(state.is_read(module, path, "training") for path, _ in module.named_modules()):
        return False
    original = Original(module, method)
    other = original.copy().train(not module.training)
    one, two = original.run(args, kwargs), original.run_on(other, args, kwargs)
    return one.error is None and two.error is None and not list(one.differences(two))
