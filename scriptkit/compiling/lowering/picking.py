"""One of several Python objects, by an index that only the run knows: what is done with it is done in a branch each."""

from __future__ import annotations

import ast
import types
from typing import TYPE_CHECKING, Any

from torch import nn

from scriptkit.compiling.lowering import attributes, branching, comparing, syntax
from scriptkit.compiling.lowering.branching import Left, Outcome, Returned
from scriptkit.compiling.lowering.values import Dyn, Picked, RefusedError, Value
from scriptkit.language import types as t

if TYPE_CHECKING:
    from collections.abc import Callable

    from scriptkit.compiling.lowering.evaluate import Evaluator

_MOST = 128
_CALLED = (nn.Module, types.MethodType, types.FunctionType, types.BuiltinFunctionType)


def pick(ev: Evaluator, owner: Any, index: Dyn) -> Picked:
    """`owner[index]` of a list of modules or of other objects, or of a dictionary of modules."""
    if isinstance(owner, nn.ModuleDict) and index.type == t.STR:
        keys: list[Any] = attributes.items_of(ev, owner)
    elif isinstance(owner, (nn.ModuleList, nn.Sequential, list, tuple)) and index.type == t.INT:
        keys = list(range(len(attributes.items_of(ev, owner))))
    else:
        raise RefusedError(
            "index-known-at-run-time", f"a `{type(owner).__name__}` is indexed by a value known only at run time"
        )
    if not 0 < len(keys) <= _MOST:
        raise RefusedError("index-known-at-run-time", f"one of {len(keys)} objects is picked at run time")
    return Picked([(key, owner[key]) for key in keys], index)


def attribute(ev: Evaluator, picked: Picked, name: str) -> Value:
    """`picked.name`: of functions and modules one is picked when it is called."""
    found = [attributes.read(ev, value, name) for _, value in picked.choices]
    if all(isinstance(value, _CALLED) for value in found):
        return Picked([(key, value) for (key, _), value in zip(picked.choices, found, strict=True)], picked.index)
    return each(ev, picked, lambda value: attributes.read(ev, value, name))


def call(ev: Evaluator, picked: Picked, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """`picked(...)`."""
    return each(ev, picked, lambda value: ev.call(value, args, kwargs))


def each(ev: Evaluator, picked: Picked, use: Callable[[Value], Value]) -> Value:
    """`use` of the object that the run picks."""
    return _use(ev, picked.index, list(picked.choices), use)


def _use(ev: Evaluator, index: Dyn, choices: list[tuple[Any, Value]], use: Callable[[Value], Value]) -> Value:
    (key, value), *rest = choices
    verdict = comparing.compare(ev, ast.Eq(), index, key)

    def others() -> Outcome:
        if rest:
            return Returned(_use(ev, index, rest, use))
        ev.residual.emit(syntax.fail(ast.Constant("an index is out of the range this was lowered for")))
        return Left()

    frame = ev.frames[-1]
    outcome = branching.branch(ev, verdict, (lambda: Returned(use(value)), others), frame, None)
    assert isinstance(outcome, Returned)  # noqa: S101 - the first arm gives a value
    return outcome.value
