"""Hooks of foreign modules: which compiled form has them, and what to do with a form that does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.compiling.chosen.choice import joined
from scriptkit.engines.torchscript.engine import state
from scriptkit.errors import CompilationError
from scriptkit.live import hooks
from scriptkit.live.computed_tensors import changes_when_read
from scriptkit.live.hooks import has_hooks_of_torch

if TYPE_CHECKING:
    import torch
    from torch import nn


class LastResortError(CompilationError):
    """Code that scripts and is right, and is no match for another form of the module, where there is one."""


class HooksLostError(LastResortError):
    """It lacks the hooks of submodules, so that the module runs as Python while they are there."""

    def __init__(self, headline: str, *, are_of_torch: bool) -> None:
        super().__init__(headline)
        self.are_of_torch = are_of_torch


class FixedTensorsError(LastResortError):
    """It lacks the parametrizations that keep a state: a file of it would hold what they gave once."""


def require_parametrizations(path: str, part: nn.Module) -> None:
    """Raise `FixedTensorsError` where computing a parametrized tensor changes the module."""
    changing = [inner for inner, one in part.named_modules() if changes_when_read(one)]
    if changing:
        spoken = ", ".join(f"`{joined(path, inner)}`" if joined(path, inner) else "of the whole" for inner in changing)
        raise FixedTensorsError(f"parametrizations that keep a state are Python ({spoken})")


def require_hooks(path: str, part: nn.Module, form: torch.jit.ScriptModule) -> None:
    """Raise `HooksLostError` where submodules have forward hooks that were not compiled.

    Those of the part itself run round its call, unless torch set them: `weight_norm` is part of what is computed.
    """
    found = state.hooks_lost(form, part, hooks.FORWARD_HOOKS)
    lost = [inner for inner in found if joined(path, inner) or has_hooks_of_torch(part)]
    if lost:
        spoken = ", ".join(f"`{joined(path, inner)}`" if joined(path, inner) else "of the whole" for inner in lost)
        are_of_torch = all(has_hooks_of_torch(part.get_submodule(inner)) for inner in lost)
        raise HooksLostError(f"hooks are Python ({spoken})", are_of_torch=are_of_torch)
