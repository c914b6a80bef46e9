"""Training modes: set, and asked what they change; `train` may be anybody's, may merge weights or return nothing."""

from __future__ import annotations

from typing import TypeVar

from torch import nn

from scriptkit.live.attributes_seen import AttributesSeen
from scriptkit.live.lives import life_of

M = TypeVar("M", bound=nn.Module)


def in_training_mode(module: M, *, training: bool) -> M:
    """The module itself, in that mode."""
    module.train(training)
    return module


def overrides_train(module: nn.Module) -> bool:
    """Whether some module of a tree does more on `train()` or `eval()` than torch."""
    kinds = {type(part) for part in module.modules()}
    return any(_method(kind, name) is not getattr(nn.Module, name) for kind in kinds for name in ("train", "eval"))


def _method(kind: type, name: str) -> object:
    found = getattr(kind, name, None)
    is_of_torch = kind.__module__.partition(".")[0] == "torch"
    return getattr(nn.Module, name) if is_of_torch else found


def changed_by_switching(module: nn.Module) -> list[str]:
    """The attributes, besides the mode itself, that the other training mode changes."""
    if not overrides_train(module):
        return []
    life = life_of(module)
    seen = AttributesSeen(life)
    life.train(not module.training)
    return sorted(seen.changed() - {"training"})
