"""Functions with a backward of their own: their forward is evaluated, and differentiating through it is an error.

TorchScript has no custom backward. The derivative of the forward would be another one, so the outputs are made such
that `backward` raises: they depend on a number that `torch.where` never picks and that comes from `torch.special.zeta`,
of which torch has no derivative.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.compiling.lowering.objects import attributes
from scriptkit.compiling.lowering.program import syntax
from scriptkit.compiling.lowering.world.values import Dyn, Value
from scriptkit.language.parsing import syntax_tree

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator


class Context:
    """What `forward` gets as `ctx`: it may keep there what only `backward` reads."""

    def save_for_backward(self, *_: Value) -> None:
        """Nothing: there is no backward."""

    mark_non_differentiable = save_for_forward = set_materialize_grads = save_for_backward


def is_apply(function: Any) -> bool:
    """Whether something called is `apply` of a function with a backward: a method, and built in from torch 2.14 on."""
    owner = getattr(function, "__self__", None)
    return isinstance(owner, type) and issubclass(owner, torch.autograd.Function) and function.__name__ == "apply"


def apply(
    evaluator: Evaluator, function: type[torch.autograd.Function], args: Sequence[Value], kwargs: Mapping[str, Value]
) -> Value:
    """`function.apply(...)`."""
    evaluator.assumptions[
        f"nothing is differentiated through `{function.__name__}`, which has a backward of its own"
    ] = None
    forward = attributes.read(evaluator, function, "forward")
    with_context = function.setup_context is torch.autograd.Function.setup_context
    before = len(evaluator.residual.method.blocks[-1])
    first = [evaluator.effects.own(Context())] if with_context else []
    made = evaluator.call(forward, [*first, *args], kwargs)
    if len(evaluator.residual.method.blocks[-1]) == before:
        return made
    return _closed(evaluator, made)


def _closed(evaluator: Evaluator, value: Value) -> Value:
    """The same values; whoever differentiates through them gets an error."""
    if isinstance(value, tuple) and type(value) is tuple:
        return tuple(_closed(evaluator, item) for item in value)
    if not isinstance(value, Dyn) or not value.is_tensor:
        return value
    if not value.example.dtype.is_floating_point:
        return value
    residual = evaluator.residual
    held = residual.bind(residual.ref(value), value.example, value.name)
    closed = syntax_tree(_CLOSED.format(held.name, residual.method.fresh("closed"))).body
    residual.emit(ast.If(syntax.call("torch.is_grad_enabled"), [evaluator.place.moved(line) for line in closed], []))
    return held


_CLOSED = """
{1} = torch.special.zeta({0}.flatten()[:1].sum().float(), torch.ones([], device={0}.device)).to({0}.dtype)
{0} = torch.where(torch.ones([], dtype=torch.bool, device={0}.device), {0}, {1})
"""
