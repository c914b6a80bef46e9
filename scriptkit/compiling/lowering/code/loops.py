"""Loops whose length is known only at run time: one evaluation of the body, variables carried from round to round."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from scriptkit.compiling.lowering.code import assignment
from scriptkit.compiling.lowering.paths import branching, rounds
from scriptkit.compiling.lowering.program import syntax
from scriptkit.compiling.lowering.program.outlets import handed_on
from scriptkit.compiling.lowering.world.outcomes import Left, Outcome
from scriptkit.compiling.lowering.world.refusing import RefusedError
from scriptkit.compiling.lowering.world.values import Dyn, Unreadable, Value, spelled, type_of
from scriptkit.language import types as t

if TYPE_CHECKING:
    from collections.abc import Callable

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator
    from scriptkit.compiling.lowering.world.frames import Frame

_CARRIED = (t.INT, t.FLOAT, t.BOOL, t.STR, t.TENSOR)


def run_for(evaluator: Evaluator, node: ast.For, iterable: Value, frame: Frame) -> None:
    """`for` over something of run-time length."""
    if node.orelse:
        raise RefusedError("loop-else", "`for` with `else` over something of a length known only at run time")
    header = rounds.over(evaluator, iterable)
    lists = [(held, len(held.example)) for held in _lists(frame)]

    def begin() -> None:
        assignment.assign(evaluator, node.target, header.begin(evaluator.residual.method.blocks[-1]), frame)

    body = _body(evaluator, node, frame, begin)
    header.refuse_changed()
    evaluator.residual.emit(ast.For(header.target, header.source, body, []))
    _lengthen(evaluator, lists, frame, header.count)


def _lists(frame: Frame) -> list[Dyn]:
    return [value for value in frame.variables.values() if isinstance(value, Dyn) and isinstance(value.type, t.List)]


def _lengthen(evaluator: Evaluator, lists: list[tuple[Dyn, int]], frame: Frame, count: int) -> None:
    """The body was evaluated once: a list it appends to is as long as that many rounds make it."""
    before = {id(value): length for value, length in lists}
    evaluator.has_rough_examples = True
    for value in _lists(frame):
        start = before.get(id(value), 0)
        value.example = [*value.example[:start], *(value.example[start:] * count)][: rounds.LONGEST_EXAMPLE]


def run_while(evaluator: Evaluator, node: ast.While, frame: Frame) -> None:
    """`while` with a test known only at run time: `while True`, and `break` where the test fails."""

    def begin() -> None:
        condition = branching.test(evaluator, node.test, frame)
        test = evaluator.residual.expression(condition)
        evaluator.residual.emit(ast.If(ast.UnaryOp(ast.Not(), test), [ast.Break()], []))

    body = _body(evaluator, node, frame, begin)
    evaluator.residual.emit(ast.While(ast.Constant(value=True), body, []))


def _body(evaluator: Evaluator, node: ast.For | ast.While, frame: Frame, begin: Callable[[], None]) -> list[ast.stmt]:
    """Evaluate the body of a loop once, with its variables carried."""
    written = _written(node)
    before = dict(frame.variables)
    examples: dict[str, Any] = {}
    carried = _carry(evaluator, frame, written)
    frame.enclosing_blocks += 1
    frame.loops.append(carried)
    try:
        with evaluator.residual.block() as block, evaluator.effects.loop():
            _replace(evaluator, frame, {name: carried.get(name, _not_carried()) for name in before if name in written})
            begin()
            outcome = evaluator.block(node.body, frame)
            if outcome is None:
                examples = {
                    name: evaluator.example(evaluator.lift(frame.variables[name])) for name in _tensors(carried, frame)
                }
                _carry_back(evaluator, frame, carried)
            elif not isinstance(outcome, Left):
                raise RefusedError("return-in-nested-block", "a loop of run-time length returns")
    finally:
        frame.enclosing_blocks -= 1
        frame.loops.pop()
    evaluator.place.node = node
    for name, example in examples.items():
        carried[name].example = example
    carried |= {name: before[name] for name, held in carried.items() if _is_untouched(held)}
    left = {name: carried.get(name, Unreadable("is written in a loop of run-time length")) for name in written}
    kept = {name: value for name, value in before.items() if name not in written}
    if any(frame.variables.get(name) is not value for name, value in kept.items()):
        raise RefusedError("state-mutated-in-loop", "a variable changes in a loop in a way that is not seen")
    _replace(
        evaluator,
        frame,
        {name: Unreadable("is set in a loop of run-time length") for name in frame.variables if name not in kept}
        | left,
    )
    return block


def _tensors(carried: dict[str, Value], frame: Frame) -> list[str]:
    """Tensors that go from round to round: after the loop they look like what the body leaves."""
    return [
        name
        for name, held in carried.items()
        if isinstance(held, Dyn) and held.is_tensor and not isinstance(frame.variables[name], Unreadable)
    ]


def _is_untouched(held: Value) -> bool:
    """A list that was empty, and that the body never lengthens, is the Python list it was."""
    return isinstance(held, Dyn) and held.guessed_annotation is not None


def _not_carried() -> Unreadable:
    return Unreadable("cannot be carried from round to round of a loop of run-time length")


def _replace(evaluator: Evaluator, frame: Frame, values: dict[str, Value]) -> None:
    for name, value in values.items():
        evaluator.bind_name(frame, name, value)


def _written(node: ast.For | ast.While) -> set[str]:
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


def _carry(evaluator: Evaluator, frame: Frame, written: set[str]) -> dict[str, Value]:
    """A variable of the residual program for every variable that goes from round to round."""
    carried: dict[str, Value] = {}
    for name in sorted(written & frame.variables.keys()):
        value = evaluator.lift(frame.variables[name])
        if isinstance(value, list):
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


def _carry_back(evaluator: Evaluator, frame: Frame, carried: dict[str, Value]) -> None:
    """At the end of a round: what the variables hold becomes what the next round finds."""
    changed = {
        name: evaluator.lift(frame.variables[name])
        for name, held in carried.items()
        if frame.variables.get(name) is not held
    }
    for name, value in changed.items():
        held = carried[name]
        type_ = (
            value.type
            if isinstance(value, Dyn)
            else type_of(value)
            if not isinstance(value, (list, dict, Unreadable))
            else None
        )
        if type_ != held.type or isinstance(held.type, t.List):
            raise RefusedError(
                "loop-variable-changes-type", f"`{name}` is a `{held.type}` first and another type later"
            )
    news = {
        name: evaluator.residual.bind(
            _handed_on(evaluator, value, carried[name]), evaluator.example(value), f"next_{name}"
        )
        for name, value in changed.items()
    }
    for name, new in news.items():
        held = carried[name]
        evaluator.residual.emit(ast.Assign([syntax.store(held.name)], evaluator.residual.ref(new)))


def _handed_on(evaluator: Evaluator, value: Value, held: Dyn) -> ast.expr:
    return handed_on(evaluator.residual.expression(value), held.type, evaluator.residual.method.blocks[-1])


def jump(evaluator: Evaluator, node: ast.Break | ast.Continue, frame: Frame) -> Outcome:
    """`break` or `continue` of a loop of the residual program."""
    carried = frame.loops[-1] if frame.loops else None
    if carried is None:
        raise RefusedError("jump-in-nested-block", "`break` or `continue` leaves a `with` or `try` block")
    _carry_back(evaluator, frame, carried)
    evaluator.residual.emit(ast.Break() if isinstance(node, ast.Break) else ast.Continue())
    return Left()
