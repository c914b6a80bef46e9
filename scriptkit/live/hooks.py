"""The hooks of a module, by kind, and whose they are."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any

import torch.nn.modules.module as nn_module

if TYPE_CHECKING:
    from torch import nn


FORWARD_HOOKS = ("_forward_hooks", "_forward_pre_hooks")
HOOKS = (*FORWARD_HOOKS, "_backward_hooks", "_backward_pre_hooks")
SPECIAL_HOOKS = ("_forward_hooks_with_kwargs", "_forward_hooks_always_called", "_forward_pre_hooks_with_kwargs")


def global_hooks() -> tuple[dict[int, Any], ...]:
    """The dictionaries of hooks that torch runs for every module."""
    return (
        nn_module._global_forward_hooks,
        nn_module._global_forward_pre_hooks,
        nn_module._global_backward_hooks,
        nn_module._global_backward_pre_hooks,
    )


def has_hooks_of_users(module: nn.Module) -> bool:
    """Whether anything in a tree has hooks that torch did not set; they may fill what lives share with the module."""
    return not all(has_hooks_of_torch(part) for part in module.modules() if hasattr(part, HOOKS[0]))


def has_hooks_of_torch(module: nn.Module) -> bool:
    """Whether every hook of a module was set by torch, as `weight_norm` does: part of what it computes."""
    return all(_is_of_torch(hook) for kind in HOOKS for hook in vars(module)[kind].values())


def _is_of_torch(hook: object) -> bool:
    kind = hook if isinstance(hook, types.FunctionType) else getattr(hook, "__func__", type(hook))
    return str(getattr(kind, "__module__", "")).partition(".")[0] == "torch"
