"""Lists of the residual program: their methods, their items, and `+` and `*`."""

from __future__ import annotations

import ast
import operator
from typing import TYPE_CHECKING, Any

from scriptkit.compiling.lowering.program import syntax
from scriptkit.compiling.lowering.world.refusing import RaisedError, RefusedError
from scriptkit.compiling.lowering.world.values import Dyn, Value, spelled
from scriptkit.language import types as t

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator

_COMPARABLE = (t.INT, t.FLOAT, t.BOOL, t.STR)


def is_list(value: Value) -> bool:
    """Whether a value is a list whose length only the run knows."""
    return isinstance(value, Dyn) and isinstance(value.type, t.List)


def element(value: Dyn) -> t.Type:
    """The type of the items of a list."""
    assert isinstance(value.type, t.List)  # noqa: S101 - the caller asked
    return value.type.element


def method(evaluator: Evaluator, value: Dyn, name: str, args: Sequence[Value]) -> Value:
    """`value.name(...)`."""
    handler = _METHODS.get(name)
    if handler is None:
        raise RefusedError("call-not-lowered", f"`{name}` of a `{value.type}` known only at run time")
    return handler(evaluator, value, *args)


def _append(evaluator: Evaluator, value: Dyn, item: Value) -> None:
    item = evaluator.lift(item)
    type_, expression = evaluator.residual.typed(item)
    evaluator.effects.copied(item)
    _settle(evaluator, value, type_)
    evaluator.residual.emit(ast.Expr(_call(evaluator, value, "append", expression)))
    value.changes_to([*value.example, evaluator.example(item)])


def _settle(evaluator: Evaluator, value: Dyn, type_: t.Type) -> None:
    """The first item tells the type of a list that was empty."""
    if type_ != element(value):
        if value.guessed_annotation is None or value.example:
            raise RefusedError("list-of-different-types", f"a `{value.type}` gets an item of another type")
        value.type = t.List(type_)
        value.guessed_annotation.annotation = evaluator.place.moved(spelled(value.type))
    value.guessed_annotation = None


def _call(evaluator: Evaluator, value: Dyn, name: str, *args: ast.expr) -> ast.expr:
    return syntax.call(ast.Attribute(evaluator.residual.ref(value), name, ast.Load()), args)


def extend(evaluator: Evaluator, value: Dyn, items: Value) -> None:
    """`value.extend(items)`."""
    if not is_list(items):
        for item in evaluator.iterate(items):
            _append(evaluator, value, item)
        return
    _settle(evaluator, value, element(items))
    evaluator.residual.emit(ast.Expr(_call(evaluator, value, "extend", evaluator.residual.ref(items))))
    value.changes_to([*value.example, *items.example])


def _pop(evaluator: Evaluator, value: Dyn, index: Value = -1) -> Dyn:
    if type(index) is not int:
        raise RefusedError("state-mutated-in-loop", "`pop` at an index of the run")
    rest = list(value.example)
    try:
        taken = rest.pop(index)
    except IndexError as error:
        raise RaisedError(error) from error
    made = evaluator.residual.bind(_call(evaluator, value, "pop", syntax.number(index)), taken, "item", element(value))
    if evaluator.effects.is_in_loop or evaluator.untaken_arms:  # how often it is done the example does not tell
        evaluator.has_rough_examples = True
        rest = list(value.example)
    value.changes_to(rest)
    return made


def _insert(evaluator: Evaluator, value: Dyn, index: Value, item: Value) -> None:
    item = evaluator.lift(item)
    type_, expression = evaluator.residual.typed(item)
    evaluator.effects.copied(item)
    _settle(evaluator, value, type_)
    if evaluator.residual.typed(index)[0] != t.INT:
        raise RefusedError("index-form-not-lowered", "`insert` at something that is no whole number")
    place = evaluator.residual.expression(index)
    evaluator.residual.emit(ast.Expr(_call(evaluator, value, "insert", place, expression)))
    items = list(value.example)
    items.insert(evaluator.example(index), evaluator.example(item))
    value.changes_to(items)


def _copy(evaluator: Evaluator, value: Dyn) -> Dyn:
    return evaluator.residual.bind(_call(evaluator, value, "copy"), list(value.example), value.name, value.type)


def _reverse(evaluator: Evaluator, value: Dyn) -> None:
    evaluator.residual.emit(ast.Expr(_call(evaluator, value, "reverse")))
    value.changes_to(value.example[::-1])


def reversed_copy(evaluator: Evaluator, value: Dyn) -> Dyn:
    """`value[::-1]`, which TorchScript does not have."""
    made = _copy(evaluator, value)
    _reverse(evaluator, made)
    return made


def _found(name: str) -> Callable[..., Value]:
    def find(evaluator: Evaluator, value: Dyn, item: Value) -> Value:
        type_, expression = evaluator.residual.typed(item)
        if type_ != element(value) or type_ not in _COMPARABLE:
            raise RefusedError("comparison-not-lowered", f"`{name}` of a `{type_}` in a `{value.type}`")
        example = evaluator.try_out(name, getattr(list, name), [value, item], {})
        return evaluator.residual.bind(_call(evaluator, value, name, expression), example, name)

    return find


_METHODS: dict[str, Callable[..., Any]] = {
    "append": _append,
    "extend": extend,
    "insert": _insert,
    "pop": _pop,
    "copy": _copy,
    "reverse": _reverse,
    "index": _found("index"),
    "count": _found("count"),
}


def set_item(evaluator: Evaluator, owner: Dyn, index: Value, value: Value) -> None:
    """`owner[index] = value`."""
    value = evaluator.lift(value)
    type_, expression = evaluator.residual.typed(value)
    number = evaluator.example(index)
    if type(number) is int and not -len(owner.example) <= number < len(owner.example):
        raise RefusedError("index-known-at-run-time", "an item is written that the example does not have")
    if type_ != element(owner) or type(number) is not int:
        raise RefusedError("list-of-different-types", f"an item of a `{owner.type}` becomes a `{type_}`")
    place = ast.Subscript(evaluator.residual.ref(owner), evaluator.residual.expression(index), ast.Store())
    evaluator.residual.emit(ast.Assign([place], expression))
    items = list(owner.example)
    items[number] = evaluator.example(value)
    owner.changes_to(items)


def joined(evaluator: Evaluator, left: Value, right: Value) -> Value:
    """`left + right`, of lists of which one at least has a length known only at run time."""
    for one, other in ((left, right), (right, left)):
        if type(one) is list and not one:
            return _copy(evaluator, other)
    left, right = _as_list(evaluator, left), _as_list(evaluator, right)
    for one, other in ((left, right), (right, left)):
        if one.guessed_annotation is not None:
            _settle(evaluator, one, element(other))
    if left.type != right.type:
        raise RefusedError("list-of-different-types", f"a `{left.type}` and a `{right.type}` are joined")
    expression = ast.BinOp(evaluator.residual.ref(left), ast.Add(), evaluator.residual.ref(right))
    return evaluator.residual.bind(expression, [*left.example, *right.example], "items", left.type)


def repeated(evaluator: Evaluator, items: Value, times: Value) -> Value:
    """`items * times`."""
    made = _as_list(evaluator, items)
    if evaluator.residual.typed(times)[0] != t.INT:
        raise RefusedError("operator-not-lowered", "a list times something that is no whole number")
    example = evaluator.try_out("Mult", operator.mul, [made, times], {})
    expression = ast.BinOp(evaluator.residual.ref(made), ast.Mult(), evaluator.residual.expression(times))
    return evaluator.residual.bind(expression, example, "items", made.type)


def _as_list(evaluator: Evaluator, value: Value) -> Dyn:
    if is_list(value):
        made: Dyn = value
        return made
    if type(value) is not list:
        raise RefusedError("operator-not-lowered", "a tuple of a length known only at run time")
    return evaluator.residual.list_of([evaluator.lift(item) for item in evaluator.iterate(value)])


def display(evaluator: Evaluator, parts: Sequence[Value]) -> Value:
    """`[*one, two, *three]`: Python lists, and lists of the residual program, one after the other."""
    made = parts[0]
    for part in parts[1:]:
        made = joined(evaluator, made, part) if is_list(made) or is_list(part) else [*made, *part]
    return _copy(evaluator, made) if made is parts[0] else made
