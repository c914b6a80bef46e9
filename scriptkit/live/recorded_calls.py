"""Example inputs of every submodule, recorded during one eager run of the whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from scriptkit import switches
from scriptkit.live.copies import detached, random_states_kept
from scriptkit.live.lives import life_of
from scriptkit.live.programs import is_compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import nn

MAXIMUM_CALLS = 4
RECORDING_SEED = 1618


@dataclass(frozen=True)
class Call:
    """One call of a submodule: what it got and what it gave, with gradients on only where the whole needs them."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    result: Any
    with_gradients: bool = False


def record_examples(
    module: nn.Module, args: Sequence[Any], kwargs: dict[str, Any] | None = None, *, with_gradients: bool = False
) -> dict[str, list[Call]]:
    """Run a life of a module once and return, by path, the first calls of each submodule that was called.

    A submodule registered at several places is listed under its first path. The arguments are clones, as they were at
    the time of the call. Whatever `forward` raises is raised here.
    """
    copy = life_of(module)
    calls: dict[str, list[Call]] = {}
    for path, part in copy.named_modules():
        if not is_compiled(part):
            _listen(part, calls.setdefault(path, []), with_gradients=with_gradients)
    own_args, own_kwargs = detached((tuple(args), kwargs or {}))
    with random_states_kept(RECORDING_SEED), torch.set_grad_enabled(with_gradients), switches.eager():
        copy(*own_args, **own_kwargs)
    return {path: found for path, found in calls.items() if found}


def _listen(part: nn.Module, found: list[Call], *, with_gradients: bool) -> None:
    """Shadow `forward` on the copy: unlike a hook it sees the arguments after all pre-hooks of the user."""
    forward = part.forward

    def listening(*args: Any, **kwargs: Any) -> Any:
        if len(found) >= MAXIMUM_CALLS:
            return forward(*args, **kwargs)
        kept_args, kept_kwargs = detached((args, kwargs))
        result = forward(*args, **kwargs)
        found.append(Call(kept_args, kept_kwargs, detached(result), with_gradients))
        return result

    part.__dict__["forward"] = _named_like(listening, forward)


def _named_like(listening: Callable[..., Any], forward: Callable[..., Any]) -> Callable[..., Any]:
    """Some code asks for the signature of `forward`."""
    listening.__dict__["__wrapped__"] = forward
    return listening
