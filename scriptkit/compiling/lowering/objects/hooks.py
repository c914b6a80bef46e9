"""Hooks of modules: evaluated round the module's call, or refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn.modules import module as nn_module

from scriptkit.compiling.lowering.world.refusing import RefusedError
from scriptkit.live import hooks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import nn

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator
    from scriptkit.compiling.lowering.world.values import Value

_BACKWARD = ("_backward_hooks", "_backward_pre_hooks")


def has_any(module: nn.Module) -> bool:
    """Whether a module has forward hooks."""
    return any(module.__dict__.get(name) for name in hooks.FORWARD_HOOKS)


def refuse(evaluator: Evaluator, module: nn.Module) -> None:
    """A module with hooks runs code that is not in its `forward`."""
    _refuse_what_is_not_evaluated(evaluator, module)
    if has_any(module):
        raise RefusedError("hooks", f"`{evaluator.residual.spoken_path(module)}` has hooks")
    evaluator.facts.module(module)


def before(
    evaluator: Evaluator, module: nn.Module, args: Sequence[Value], kwargs: Mapping[str, Value]
) -> tuple[Sequence[Value], Mapping[str, Value]]:
    """What the module gets after its forward pre-hooks."""
    _refuse_what_is_not_evaluated(evaluator, module)
    for name in hooks.HOOKS:
        evaluator.facts.content(module.__dict__[name])
    for hook in module._forward_pre_hooks.values():
        changed = evaluator.call(hook, [module, tuple(args)])
        if changed is not None:
            args = changed if isinstance(changed, tuple) else (changed,)
    return args, kwargs


def after(
    evaluator: Evaluator, module: nn.Module, args: Sequence[Value], _: Mapping[str, Value], result: Value
) -> Value:
    """What the caller gets after the module's forward hooks."""
    for hook in module._forward_hooks.values():
        changed = evaluator.call(hook, [module, tuple(args), result])
        if changed is not None:
            result = changed
    return result


def _refuse_what_is_not_evaluated(evaluator: Evaluator, module: nn.Module) -> None:
    if nn_module._global_forward_hooks or nn_module._global_forward_pre_hooks or nn_module._global_backward_hooks:
        raise RefusedError("hooks", "there are hooks on all modules")
    if any(module.__dict__.get(name) for name in (*_BACKWARD, *hooks.SPECIAL_HOOKS)):
        raise RefusedError(
            "hooks", f"`{evaluator.residual.spoken_path(module)}` has hooks of a kind that is not lowered"
        )
