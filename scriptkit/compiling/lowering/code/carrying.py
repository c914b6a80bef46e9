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
from scriptkit.compiling.lowering.program import syntax
from scriptkit.compiling.lowering.program.loop_captures import handed_on
from scriptkit.compiling.lowering.world.refusing import RefusedError
from scriptkit.compiling.lowering.world.values import Dyn, Unreadable, Value, spelled, type_of
from scriptkit.language import types as t

if TYPE_CHECKING:
    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator
    from scriptkit.compiling.lowering.world.frames import Frame

_CARRIED = (t.INT, t.FLOAT, t.BOOL, t.STR, t.TENSOR)


def names_written(node: ast.For | ast.While) -> set[str]:
    """Names the loop may bind, and lists it may append to."""
    names: set[str] = set()
    for part in ast.walk(node):
        match part:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                names.add(name)
            case ast.FunctionDef(name=name) | ast.ExceptHandler(name=str(name)):
                names.add(name)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                names.update(alias.asname or alias.name.split(".")[0] for alias in aliases)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append")):
                names.add(name)
    return names


def carry(evaluator: Evaluator, frame: Frame, node: ast.For | ast.While, written: set[str]) -> dict[str, Value]:
    """A variable of the residual program for every variable that goes from round to round."""
    carried: dict[str, Value] = {}
    made_anew = structures.made_anew(node)
    # Even a number that is known now: the body reads what the round before left, not the 0 of the first round. The
    # variable is a copy under a new name, for other names may still mean the value before the loop.
    for name in sorted(written & frame.variables.keys()):
        value = evaluator.lift(frame.variables[name])
        if (
            name in made_anew
            and structures.is_structure(value)
            and (held := structures.carried(evaluator, name, value))
        ):
            carried[name] = held
        elif isinstance(value, list):
            made = _carried_list(evaluator, frame, name, value)
            if made is not None:
                carried[name] = made
        elif isinstance(value, Dyn) or type(value) in (int, float, bool, str):
            type_ = value.type if isinstance(value, Dyn) else type_of(value)
            if type_ in _CARRIED and not isinstance(evaluator.example(value), (bool,) if type_ != t.BOOL else ()):
                carried[name] = evaluator.residual.bind(
                    evaluator.residual.expression(value), evaluator.example(value), name
                )
            elif isinstance(type_, t.List):
                carried[name] = value
    return carried


def _carried_list(evaluator: Evaluator, frame: Frame, name: str, value: list[Value]) -> Dyn | None:
    """A Python list that only this variable holds becomes a list of the residual program."""
    # As a list of the run it is another object. That is right only if nobody else holds the Python list: neither a
    # second name, nor an attribute or container, nor the caller of this function.
    if not evaluator.effects.owns(value) or _holders(evaluator, value) > 1 or frame not in evaluator.frames[-1:]:
        return None
    element = type_of(evaluator.example(value[0])) if value else None
    if element is None:
        return _empty_list(evaluator, name)
    if any((item.type if isinstance(item, Dyn) else type_of(evaluator.example(item))) != element for item in value):
        return None
    made = evaluator.residual.bind(
        evaluator.residual.expression(value), evaluator.example(value), name, t.List(element)
    )
    evaluator.effects.journal(value)
    value.append(Unreadable("is a list of the run now"))  # a loop that still walks the Python list sees that it changed
    return made


def _empty_list(evaluator: Evaluator, name: str) -> Dyn:
    """Lists of tensors are the rule; the first item may tell another type."""
    made = evaluator.residual.declare(t.List(t.TENSOR), [], name)
    made.guessed_annotation = ast.AnnAssign(syntax.store(made.name), spelled(made.type), ast.List([], ast.Load()), 1)
    evaluator.residual.emit(made.guessed_annotation)
    return made


def _holders(evaluator: Evaluator, value: list[Value]) -> int:
    """How many places of the run hold a list."""
    held = 0
    for target in evaluator.effects.owned():
        parts = (
            list(target.values())
            if isinstance(target, dict)
            else list(target)
            if isinstance(target, (list, set))
            else []
        )
        parts += list(vars(target).values()) if hasattr(target, "__dict__") else []
        held += sum(_count(part, value) for part in parts)
    return held


def _count(part: Value, value: list[Value]) -> int:
    if part is value:
        return 1
    return sum(_count(item, value) for item in part) if isinstance(part, tuple) else 0


def carry_back(evaluator: Evaluator, frame: Frame, carried: dict[str, Value]) -> None:
    """At the end of a round: what the variables hold becomes what the next round finds."""
    changed = [
        pair
        for name, held in carried.items()
        if frame.variables.get(name) is not held
        for pair in structures.pairs(evaluator, name, held, frame.variables[name])
    ]
    for name, held, value in changed:
        _require_same_type(name, held, value)
    # first all new values, then the assignments: `a, b = b, a` must not find an `a` that is the next round's already
    news = [
        (held, evaluator.residual.bind(_handed_on(evaluator, value, held), evaluator.example(value), _next(name)))
        for name, held, value in changed
    ]
    for held, new in news:
        evaluator.residual.emit(ast.Assign([syntax.store(held.name)], evaluator.residual.ref(new)))


def _next(name: str) -> str:
    return "next_" + "".join(c if c.isalnum() else "_" for c in name)


def _require_same_type(name: str, held: Dyn, value: Value) -> None:
    """A variable of a TorchScript loop has one type in all rounds."""
    is_static = not isinstance(value, (Dyn, list, dict, tuple, Unreadable))
    type_ = value.type if isinstance(value, Dyn) else type_of(value) if is_static else None
    if type_ != held.type or isinstance(held.type, t.List):
        raise RefusedError("loop-variable-changes-type", f"`{name}` is a `{held.type}` first and another type later")


def _handed_on(evaluator: Evaluator, value: Value, held: Dyn) -> ast.expr:
    return handed_on(evaluator.residual.expression(value), held.type, evaluator.residual.method.blocks[-1])
