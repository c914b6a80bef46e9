"""Context variables: set during the call, and given back before it ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scriptkit.compiling.lowering.world.refusing import RaisedError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextvars import ContextVar

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator
    from scriptkit.compiling.lowering.world.values import Value

_UNSET = object()


@dataclass(frozen=True, eq=False)
class Token:
    """What `set` gives: the value before it."""

    variable: ContextVar[Any]
    before: Value


def method(evaluator: Evaluator, variable: ContextVar[Any], name: str, args: Sequence[Value]) -> Value:
    """`get`, `set` and `reset` of a context variable; the real one is only read."""
    if name == "get":
        return _get(evaluator, variable, args)
    if name == "set":
        token = Token(variable, evaluator.context.get(variable, _UNSET))
        evaluator.effects.changing(evaluator.context, "setting a context variable")
        evaluator.context[variable] = args[0]
        return token
    if name == "reset" and isinstance(args[0], Token):
        evaluator.effects.changing(evaluator.context, "resetting a context variable")
        if args[0].before is _UNSET:
            evaluator.context.pop(variable, None)
        else:
            evaluator.context[variable] = args[0].before
        return None
    raise RefusedError("call-not-lowered", f"`{name}` of a context variable")


def _get(evaluator: Evaluator, variable: ContextVar[Any], args: Sequence[Value]) -> Value:
    if variable in evaluator.context:
        return evaluator.context[variable]
    value = variable.get(_UNSET)
    evaluator.facts.context.setdefault(variable, (value, _UNSET))
    if value is not _UNSET:
        return value
    if args:
        return args[0]
    try:
        return variable.get()  # its own default
    except LookupError as error:
        raise RaisedError(error) from error
