"""Training modes: set, and asked what they change; `train` may be anybody's, may merge weights or return nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from torch import nn

from scriptkit.live.lives import attributes, life_of

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    before = [*_plain(life)]
    life.train(not module.training)
    return sorted({one[0] for one, other in zip(before, _plain(life), strict=False) if one != other})


def _plain(module: nn.Module) -> Iterator[tuple[str, object]]:
    return ((name, value) for name, value in attributes(module) if name != "training")
