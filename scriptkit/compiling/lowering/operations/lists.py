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


def method(ev: Evaluator, value: Dyn, name: str, args: Sequence[Value]) -> Value:
    """`value.name(...)`."""
    handler = _METHODS.get(name)
    if handler is None:
        raise RefusedError("call-not-lowered", f"`{name}` of a `{value.type}` known only at run time")
    return handler(ev, value, *args)


def _append(ev: Evaluator, value: Dyn, item: Value) -> None:
    item = ev.lift(item)
    type_, expression = ev.residual.typed(item)
    _settle(ev, value, type_)
    ev.residual.emit(ast.Expr(_call(ev, value, "append", expression)))
    value.example = [*value.example, ev.example(item)]


def _settle(ev: Evaluator, value: Dyn, type_: t.Type) -> None:
    """The first item tells the type of a list that was empty."""
    if type_ != element(value):
        if value.annotation is None or value.example:
            raise RefusedError("list-of-different-types", f"a `{value.type}` gets an item of another type")
        value.type = t.List(type_)
        value.annotation.annotation = ev.place.moved(spelled(value.type))
    value.annotation = None


def _call(ev: Evaluator, value: Dyn, name: str, *args: ast.expr) -> ast.expr:
    return syntax.call(ast.Attribute(ev.residual.ref(value), name, ast.Load()), args)


def extend(ev: Evaluator, value: Dyn, items: Value) -> None:
    """`value.extend(items)`."""
    if not is_list(items):
        for item in ev.iterate(items):
            _append(ev, value, item)
        return
    _settle(ev, value, element(items))
    ev.residual.emit(ast.Expr(_call(ev, value, "extend", ev.residual.ref(items))))
    value.example = [*value.example, *items.example]


def _pop(ev: Evaluator, value: Dyn, index: Value = -1) -> Dyn:
    if ev.effects.is_in_loop or ev.untaken or type(index) is not int:
        raise RefusedError("state-mutated-in-loop", "`pop` in a loop or a branch, or at an index of the run")
    rest = list(value.example)
    try:
        taken = rest.pop(index)
    except IndexError as error:
        raise RaisedError(error) from error
    made = ev.residual.bind(_call(ev, value, "pop", syntax.number(index)), taken, "item", element(value))
    value.example = rest
    return made


def _copy(ev: Evaluator, value: Dyn) -> Dyn:
    return ev.residual.bind(_call(ev, value, "copy"), list(value.example), value.name, value.type)


def _found(name: str) -> Callable[..., Value]:
    def find(ev: Evaluator, value: Dyn, item: Value) -> Value:
        type_, expression = ev.residual.typed(item)
        if type_ != element(value) or type_ not in _COMPARABLE:
            raise RefusedError("comparison-not-lowered", f"`{name}` of a `{type_}` in a `{value.type}`")
        example = ev.try_out(name, getattr(list, name), [value, item], {})
        return ev.residual.bind(_call(ev, value, name, expression), example, name)

    return find


_METHODS: dict[str, Callable[..., Any]] = {
    "append": _append,
    "extend": extend,
    "pop": _pop,
    "copy": _copy,
    "index": _found("index"),
    "count": _found("count"),
}


def set_item(ev: Evaluator, owner: Dyn, index: Value, value: Value) -> None:
    """`owner[index] = value`."""
    value = ev.lift(value)
    type_, expression = ev.residual.typed(value)
    number = ev.example(index)
    if type(number) is int and not -len(owner.example) <= number < len(owner.example):
        raise RefusedError("index-known-at-run-time", "an item is written that the example does not have")
    if type_ != element(owner) or type(number) is not int:
        raise RefusedError("list-of-different-types", f"an item of a `{owner.type}` becomes a `{type_}`")
    place = ast.Subscript(ev.residual.ref(owner), ev.residual.expression(index), ast.Store())
    ev.residual.emit(ast.Assign([place], expression))
    items = list(owner.example)
    items[number] = ev.example(value)
    owner.example = items


def joined(ev: Evaluator, left: Value, right: Value) -> Value:
    """`left + right`, of lists of which one at least has a length known only at run time."""
    for one, other in ((left, right), (right, left)):
        if type(one) is list and not one:
            return _copy(ev, other)
    left, right = _as_list(ev, left), _as_list(ev, right)
    if left.type != right.type:
        raise RefusedError("list-of-different-types", f"a `{left.type}` and a `{right.type}` are joined")
    expression = ast.BinOp(ev.residual.ref(left), ast.Add(), ev.residual.ref(right))
    return ev.residual.bind(expression, [*left.example, *right.example], "items", left.type)


def repeated(ev: Evaluator, items: Value, times: Value) -> Value:
    """`items * times`."""
    made = _as_list(ev, items)
    if ev.residual.typed(times)[0] != t.INT:
        raise RefusedError("operator-not-lowered", "a list times something that is no whole number")
    example = ev.try_out("Mult", operator.mul, [made, times], {})
    expression = ast.BinOp(ev.residual.ref(made), ast.Mult(), ev.residual.expression(times))
    return ev.residual.bind(expression, example, "items", made.type)


def _as_list(ev: Evaluator, value: Value) -> Dyn:
    if is_list(value):
        made: Dyn = value
        return made
    if type(value) is not list:
        raise RefusedError("operator-not-lowered", "a tuple of a length known only at run time")
    return ev.residual.list_of([ev.lift(item) for item in ev.iterate(value)])


def display(ev: Evaluator, parts: Sequence[Value]) -> Value:
    """`[*one, two, *three]`: Python lists, and lists of the residual program, one after the other."""
    made = parts[0]
    for part in parts[1:]:
        made = joined(ev, made, part) if is_list(made) or is_list(part) else [*made, *part]
    return _copy(ev, made) if made is parts[0] else made
