"""`torch.utils.checkpoint.checkpoint`: a call of the function it is given; what it saves is memory, in Python only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scriptkit.compiling.lowering.world.refusing import RefusedError

if TYPE_CHECKING:
    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator
    from scriptkit.compiling.lowering.world.values import Value

_OPTIONS = ("preserve_rng_state", "determinism_check", "debug", "early_stop")


def is_checkpoint(function: Any) -> bool:
    """Whether a function is torch's own, which nothing needs to load."""
    return (function.__name__, function.__module__) == ("checkpoint", "torch.utils.checkpoint")


def call(evaluator: Evaluator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """What the function gives; gradients are those of the plain call, which only the reentrant form has otherwise."""
    function, *given = args or [kwargs.pop("function", None)]
    if kwargs.get("use_reentrant") is not False:
        message = "`checkpoint` with `use_reentrant=True` differentiates otherwise; pass `use_reentrant=False`"
        raise RefusedError("call-not-lowered", message)
    if "context_fn" in kwargs:
        raise RefusedError("call-not-lowered", "`checkpoint` with a `context_fn`")
    rest = {name: value for name, value in kwargs.items() if name not in ("use_reentrant", *_OPTIONS)}
    return evaluator.call(function, given, rest)
