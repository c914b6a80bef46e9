"""One of several Python objects, by an index that only the run knows: what is done with it is done in a branch each."""

from __future__ import annotations

import ast
import re
import types
from typing import TYPE_CHECKING, Any

from torch import nn

from scriptkit.compiling.lowering.operations import comparisons
from scriptkit.compiling.lowering.paths import branching
from scriptkit.compiling.lowering.program import syntax
from scriptkit.compiling.lowering.world.outcomes import Left, Outcome, Returned
from scriptkit.compiling.lowering.world.refusing import RaisedError, RefusedError
from scriptkit.compiling.lowering.world.stand_ins import Picked, UnknownText
from scriptkit.compiling.lowering.world.values import Dyn, Value
from scriptkit.language import types as t

if TYPE_CHECKING:
    from collections.abc import Callable

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator

_MOST = 128
_CALLED = (nn.Module, types.MethodType, types.FunctionType, types.BuiltinFunctionType)


def pick(evaluator: Evaluator, owner: Any, index: Dyn) -> Picked:
    """`owner[index]` of a list of modules or of other objects, or of a dictionary of modules."""
    if isinstance(owner, nn.ModuleDict) and index.type == t.STR:
        keys: list[Any] = evaluator.items(owner)
    elif isinstance(owner, (nn.ModuleList, nn.Sequential, list, tuple)) and index.type == t.INT:
        keys = list(range(len(evaluator.items(owner))))
    else:
        raise RefusedError(
            "index-known-at-run-time", f"a `{type(owner).__name__}` is indexed by a value known only at run time"
        )
    if not 0 < len(keys) <= _MOST:
        raise RefusedError("index-known-at-run-time", f"one of {len(keys)} objects is picked at run time")
    at = _from_start(evaluator, index, len(keys)) if index.type == t.INT else index
    return Picked([(key, owner[key]) for key in keys], at)


def _from_start(evaluator: Evaluator, index: Dyn, count: int) -> Dyn:
    """An index counted from the start, where it may be counted from the end."""
    bounds = [syntax.number(-count), evaluator.residual.ref(index), syntax.number(count - 1)]
    is_inside = ast.Compare(bounds[0], [ast.LtE(), ast.LtE()], bounds[1:])
    evaluator.residual.emit(syntax.require(is_inside, "an index is out of range"))
    if not -count <= index.example < count:
        raise RaisedError(IndexError("list index out of range"))
    at = ast.BinOp(evaluator.residual.ref(index), ast.Mod(), ast.Constant(count))
    return evaluator.residual.bind(at, index.example % count, "at")


def pick_named(evaluator: Evaluator, owner: Any, name: UnknownText) -> Picked:
    """`owner[f"expert_{index}"]`: a text with one whole number of the run in it."""
    numbers = [part for part in name.parts if isinstance(part, Dyn) and part.type == t.INT]
    if len(numbers) != 1 or any(part is not numbers[0] and not isinstance(part, str) for part in name.parts):
        raise RefusedError("text-known-at-run-time", "a key that is known only at run time")
    pattern = "".join("([0-9]+)" if part is numbers[0] else re.escape(part) for part in name.parts)
    found = [(re.fullmatch(pattern, key), key) for key in evaluator.items(owner) if isinstance(key, str)]
    choices = [(int(match[1]), owner[key]) for match, key in found if match and str(int(match[1])) == match[1]]
    if not 0 < len(choices) <= _MOST:
        raise RefusedError("index-known-at-run-time", f"one of {len(choices)} objects is picked at run time")
    return Picked(choices, numbers[0])


def attribute(evaluator: Evaluator, picked: Picked, name: str) -> Value:
    """`picked.name`: of functions and modules one is picked when it is called."""
    found = [evaluator.read(value, name) for _, value in picked.choices]
    if all(isinstance(value, _CALLED) for value in found):
        return Picked([(key, value) for (key, _), value in zip(picked.choices, found, strict=True)], picked.index)
    return each(evaluator, picked, lambda value: evaluator.read(value, name))


def call(evaluator: Evaluator, picked: Picked, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """`picked(...)`."""
    return each(evaluator, picked, lambda value: evaluator.call(value, args, kwargs))


def each(evaluator: Evaluator, picked: Picked, use: Callable[[Value], Value]) -> Value:
    """`use` of the object that the run picks."""
    return _use(evaluator, picked.index, list(picked.choices), use)


def _use(evaluator: Evaluator, index: Dyn, choices: list[tuple[Any, Value]], use: Callable[[Value], Value]) -> Value:
    (key, value), *rest = choices
    verdict = comparisons.compare(evaluator, ast.Eq(), index, key)

    def others() -> Outcome:
        if rest:
            return Returned(_use(evaluator, index, rest, use))
        evaluator.residual.emit(syntax.fail_as_limit("an index is out of the range this was lowered for"))
        return Left()

    frame = evaluator.frames[-1]
    outcome = branching.branch(evaluator, verdict, (lambda: Returned(use(value)), others), frame, None)
    if not isinstance(outcome, Returned):
        raise RefusedError("branch-raises", "whatever is picked raises")
    return outcome.value
