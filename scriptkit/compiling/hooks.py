"""Hooks of foreign modules: which compiled form has them, and what to do with a form that does not."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING

from scriptkit.compiling.choice import joined
from scriptkit.engines.torchscript import adapter, files
from scriptkit.errors import CompilationError

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


def require_hooks(path: str, part: nn.Module, form: torch.jit.ScriptModule) -> None:
    """Raise `HooksLostError` where submodules have forward hooks that were not compiled.

    Those of the part itself run round its call.
    """
    lost = [inner for inner in files.hooks_lost(form, part, adapter.FORWARD_HOOKS) if joined(path, inner)]
    if lost:
        spoken = ", ".join(f"`{joined(path, inner)}`" for inner in lost)
        are_of_torch = all(has_hooks_of_torch(part.get_submodule(inner)) for inner in lost)
        raise HooksLostError(f"hooks are Python ({spoken})", are_of_torch=are_of_torch)


def has_foreign_hooks(form: torch.jit.ScriptModule, module: nn.Module, modes: dict[str, str]) -> bool:
    """Whether a form computes without some hook of the module: a trace has those that torch itself set."""
    return any(
        modes.get(path) != "trace" or not has_hooks_of_torch(module.get_submodule(path))
        for path in files.hooks_lost(form, module)
    )


def has_hooks_of_torch(module: nn.Module) -> bool:
    """Whether every hook of a module was set by torch, as `weight_norm` does: part of what it computes."""
    return all(_is_of_torch(hook) for kind in adapter.HOOKS for hook in vars(module)[kind].values())


def _is_of_torch(hook: object) -> bool:
    kind = hook if isinstance(hook, types.FunctionType) else getattr(hook, "__func__", type(hook))
    return str(getattr(kind, "__module__", "")).partition(".")[0] == "torch"
