"""Lists of Python that the body of a loop of run-time length changes: they become lists of the residual program.

The body is evaluated once for all rounds, so that `found.append(row)` cannot lengthen a Python list. Whoever holds the
list, by whatever name, in a tuple, a dictionary or an object, holds the list of the program from then on.
"""

from __future__ import annotations

import ast
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from scriptkit.compiling.lowering.program import syntax
from scriptkit.compiling.lowering.world.effects import Snapshot
from scriptkit.compiling.lowering.world.refusing import ListInLoopError, RefusedError
from scriptkit.compiling.lowering.world.values import Dyn, Unreadable, Value, spelled, type_of
from scriptkit.language import types as t

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator

T = TypeVar("T")


def evaluated(evaluator: Evaluator, evaluate: Callable[[bool], T]) -> T:
    """What `evaluate` gives; where it changes a Python list, that one is of the run first, and it starts again.

    `evaluate` is told whether lists may be carried item by item (`carried_structures`): not where such a list changes.
    """
    by_items = True
    while True:
        moment = evaluator.effects.now
        try:
            with evaluator.attempt(), _undone(evaluator):
                return evaluate(by_items)
        except ListInLoopError as error:
            refusal = RefusedError(error.rule, error.message)
            if not evaluator.effects.is_older(error.changed, moment):  # made by the attempt itself, out of its items
                if not by_items:
                    raise refusal from error
                by_items = False
                continue
            if evaluator.effects.is_older_than_loop(error.changed):
                raise  # the loop round this one has to begin anew
            if become(evaluator, error.changed) is None:
                raise refusal from error


@contextmanager
def _undone(evaluator: Evaluator) -> Iterator[None]:
    """What an attempt that starts again found out about lists of the run is found out again."""
    before = [(value, value.example, value.type, value.guessed_annotation) for value in of_the_run(evaluator)]
    try:
        yield
    except ListInLoopError:
        for value, example, type_, guessed in before:
            value.example, value.type, value.guessed_annotation = example, type_, guessed
        raise


def of_the_run(evaluator: Evaluator) -> list[Dyn]:
    """The lists of the residual program that something of the run holds."""
    found: dict[int, Dyn] = {}
    for target in evaluator.effects.owned():
        held = [*dict.values(target)] if isinstance(target, dict) else [*target] if isinstance(target, list) else []
        held += vars(target).values() if hasattr(target, "__dict__") else ()
        for part in [item for one in held for item in (one if isinstance(one, tuple) else [one])]:
            if isinstance(part, Dyn) and isinstance(part.type, t.List):
                found[id(part)] = part
    return list(found.values())


def begun(evaluator: Evaluator, value: list[Value]) -> Dyn | None:
    """A Python list that the loop binds to another one: a list of the program from the first round on."""
    if not evaluator.effects.owns(value):
        return None
    if evaluator.effects.is_older_than_loop(value):
        raise ListInLoopError(value, "another list")
    return become(evaluator, value)


def become(evaluator: Evaluator, value: list[Value]) -> Dyn | None:
    """A list of the residual program in the place of a Python list; None where its items have no one type."""
    name = _name_of(evaluator, value)
    element = _type_of(evaluator, value[0]) if value else None
    if element is None:
        made = _empty(evaluator, name)
    elif any(_type_of(evaluator, item) != element for item in value):
        return None
    else:
        listed = evaluator.residual.expression(value)
        made = evaluator.residual.bind(listed, evaluator.example(value), name, t.List(element))
    evaluator.effects.journal(value)
    mark = Unreadable("is a list of the run now")  # a loop that still walks the Python list sees that it changed
    value.append(mark)
    evaluator.effects.replaced[id(value)] = (value, mark, made)
    for target in evaluator.effects.owned():
        _replace_in(evaluator, target)
    return made


def _name_of(evaluator: Evaluator, value: list[Value]) -> str:
    frames = reversed(evaluator.frames)
    return next((name for frame in frames for name, held in frame.variables.items() if held is value), "items")


def _type_of(evaluator: Evaluator, item: Value) -> t.Type:
    return item.type if isinstance(item, Dyn) else type_of(evaluator.example(item))


def _empty(evaluator: Evaluator, name: str) -> Dyn:
    """Lists of tensors are the rule; the first item may tell another type."""
    made = evaluator.residual.declare(t.List(t.TENSOR), [], name)
    made.guessed_annotation = ast.AnnAssign(syntax.store(made.name), spelled(made.type), ast.List([], ast.Load()), 1)
    evaluator.residual.emit(made.guessed_annotation)
    return made


def _replace_in(evaluator: Evaluator, target: Any) -> None:
    """Let an object of the run hold lists of the residual program where it held Python lists that became such."""
    state = Snapshot.of(target)
    if isinstance(state.items, dict):
        items: Any = {key: evaluator.effects.now_of(item) for key, item in state.items.items()}
    else:
        items = None if state.items is None else [evaluator.effects.now_of(item) for item in state.items]
    attributes = None
    if state.attributes is not None:
        attributes = {name: evaluator.effects.now_of(item) for name, item in state.attributes.items()}
    if _differs(items, state.items) or _differs(attributes, state.attributes):
        evaluator.effects.journal(target)
        Snapshot(target, items, attributes).restore()


def _differs(one: Any, other: Any) -> bool:
    if one is None:
        return False
    pairs = zip(one.values(), other.values(), strict=True) if isinstance(one, dict) else zip(one, other, strict=True)
    return any(mine is not before for mine, before in pairs)
