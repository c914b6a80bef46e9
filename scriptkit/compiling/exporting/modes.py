"""Whether `train()` and `eval()` make a difference to a method."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scriptkit.compiling.exporting import state
from scriptkit.compiling.exporting.running import Original
from scriptkit.live.training_modes import in_training_mode

if TYPE_CHECKING:
    from torch import nn


def is_the_same_in_both_modes(module: nn.Module, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """No class the method runs reads `training`, and a run in the other mode gives the same."""
    original = Original(module, method)
    copy = original.copy()
    called = {""}
    for path, part in copy.named_modules():
        part.register_forward_pre_hook(lambda *_, path=path: called.add(path))
    one = original.run_on(copy, args, kwargs)
    if one.error is not None or any(state.is_read(module, path, "training") for path in called):
        return False
    two = original.run_on(in_training_mode(original.copy(), training=not module.training), args, kwargs)
    return two.error is None and not list(one.differences(two))
