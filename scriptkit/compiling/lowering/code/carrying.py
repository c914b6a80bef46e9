"""Variables that go from round to round of a loop of run-time length.

    count = 0                count = 0               a variable of the residual program, not the number 0
    for row in x:      ->    for entry in x:
        count += 1               count_2 = count + 1
                                 next_count = count_2
                                 count = next_count

All new values are computed before any is assigned: `a, b = b, a` in the body finds both as the last round left them.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.compiling.lowering.code import carried_structures as structures
from scriptkit.compiling.lowering.code import lists_in_loops
from scriptkit.compiling.lowering.program import syntax
from scriptkit.compiling.lowering.program.loop_captures import handed_on
from scriptkit.compiling.lowering.world.refusing import ListInLoopError, RefusedError
from scriptkit.compiling.lowering.world.values import Dyn, Unreadable, Value, type_of
from scriptkit.language import types as t

if TYPE_CHECKING:
    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator
    from scriptkit.compiling.lowering.world.frames import Frame

_CARRIED = (t.INT, t.FLOAT, t.BOOL, t.STR, t.TENSOR)


def names_written(node: ast.For | ast.While, frame: Frame) -> set[str]:
    """Names the loop may bind to something else; `found += [row]` leaves a list the one it was."""
    names: set[str] = set()
    for part in ast.walk(node):
        match part:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                names.add(name)
            case ast.FunctionDef(name=name) | ast.ExceptHandler(name=str(name)):
                names.add(name)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                names.update(alias.asname or alias.name.split(".")[0] for alias in aliases)
    return {name for name in names if not (_is_list(frame.variables.get(name)) and _is_extended_only(node, name))}


def _is_list(value: Value) -> bool:
    return type(value) is list or (isinstance(value, Dyn) and isinstance(value.type, t.List))


def _is_extended_only(node: ast.For | ast.While, name: str) -> bool:
    bound = [part for part in ast.walk(node) if isinstance(part, ast.Name) and part.id == name]
    extended = [part.target for part in ast.walk(node) if isinstance(part, ast.AugAssign)]
    return all(isinstance(part.ctx, ast.Load) or any(part is target for target in extended) for part in bound)


def carry(
    evaluator: Evaluator, frame: Frame, node: ast.For | ast.While, written: set[str], *, by_items: bool
) -> dict[str, Value]:
    """A variable of the residual program for every variable that goes from round to round.

    `by_items`: whether a list that each round makes anew may be a variable for each of its items.
    """
    carried: dict[str, Value] = {}
    made_anew = structures.made_anew(node)
    # Even a number that is known now: the body reads what the round before left, not the 0 of the first round. The
    # variable is a copy under a new name, for other names may still mean the value before the loop.
    for name in sorted(written & frame.variables.keys()):
        value = evaluator.lift(frame.variables[name])
        if (
            name in made_anew
            and (by_items or type(value) is not list)
            and structures.is_structure(value)
            and (held := structures.carried(evaluator, name, value))
        ):
            carried[name] = held
        elif isinstance(value, list):
            made = lists_in_loops.begun(evaluator, value)
            if made is not None:
                carried[name] = _rebound(evaluator, made, name)
        elif isinstance(value, Dyn) or type(value) in (int, float, bool, str):
            type_ = value.type if isinstance(value, Dyn) else type_of(value)
            if type_ in _CARRIED and not isinstance(evaluator.example(value), (bool,) if type_ != t.BOOL else ()):
                carried[name] = evaluator.residual.bind(
                    evaluator.residual.expression(value), evaluator.example(value), name
                )
            elif isinstance(type_, t.List):
                carried[name] = _rebound(evaluator, evaluator.lift(frame.variables[name]), name)
    return carried


def _rebound(evaluator: Evaluator, value: Dyn, name: str) -> Dyn:
    """A variable of its own for a list, the same list at first: other names go on to mean that one."""
    made = evaluator.residual.bind(evaluator.residual.ref(value), list(value.example), name, value.type)
    made.may_be(value)
    made.guessed_annotation, value.guessed_annotation = value.guessed_annotation, None
    return made


def carry_back(evaluator: Evaluator, frame: Frame, carried: dict[str, Value]) -> None:
    """At the end of a round: what the variables hold becomes what the next round finds."""
    changed = [
        pair
        for name, held in carried.items()
        if frame.variables.get(name) is not held
        for pair in structures.pairs(evaluator, name, held, frame.variables[name])
    ]
    lists = [id(value) for _, _, value in changed if type(value) is list]
    if len(set(lists)) < len(lists):
        raise RefusedError("loop-variable-changes-type", "two variables of a loop hold one list that it makes")
    for name, held, value in changed:
        _require_same_type(evaluator, name, held, value)
    # first all new values, then the assignments: `a, b = b, a` must not find an `a` that is the next round's already
    for _, held, value in changed:
        if isinstance(value, Dyn) and isinstance(held.type, t.List):
            held.may_be(value)
    news = [
        (held, evaluator.residual.bind(_handed_on(evaluator, value, held), example, _next(name), held.type))
        for name, held, value in changed
        for example in [evaluator.example(value)]
    ]
    for held, new in news:
        evaluator.residual.emit(ast.Assign([syntax.store(held.name)], evaluator.residual.ref(new)))


def _next(name: str) -> str:
    return "next_" + "".join(c if c.isalnum() else "_" for c in name)


def _require_same_type(evaluator: Evaluator, name: str, held: Dyn, value: Value) -> None:
    """A variable of a TorchScript loop has one type in all rounds."""
    if type(value) is list and isinstance(held.type, t.List):
        if evaluator.effects.owns(value) and evaluator.effects.is_older_than_loop(value):
            raise ListInLoopError(value, f"`{name}` becomes another list")  # which somebody else may hold
        type_: t.Type | None = t.List(_element_type(value, held.type.element))
    else:
        is_static = not isinstance(value, (Dyn, list, dict, tuple, Unreadable))
        type_ = value.type if isinstance(value, Dyn) else type_of(value) if is_static else None
    if type_ != held.type:
        raise RefusedError("loop-variable-changes-type", f"`{name}` is a `{held.type}` first and another type later")


def _element_type(items: list[Value], otherwise: t.Type) -> t.Type:
    """The type of the items of a list that a round made; one of several types fits nothing."""
    types = {item.type if isinstance(item, Dyn) else type_of(item) for item in items} or {otherwise}
    return types.pop() if len(types) == 1 else t.NONE


def _handed_on(evaluator: Evaluator, value: Value, held: Dyn) -> ast.expr:
    return handed_on(evaluator.residual.expression(value), held.type, evaluator.residual.open_statements())
