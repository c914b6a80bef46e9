"""Assignments: to names, items, attributes and tuples of them, plain and augmented."""

from __future__ import annotations

import ast
import operator
from typing import TYPE_CHECKING, Any

from scriptkit.compiling.lowering.objects import attributes, containers, subscripts
from scriptkit.compiling.lowering.operations import lists, operators
from scriptkit.compiling.lowering.program import syntax
from scriptkit.compiling.lowering.world.refusing import RaisedError, RefusedError
from scriptkit.compiling.lowering.world.values import Dyn, Value
from scriptkit.language import types as t

if TYPE_CHECKING:
    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator
    from scriptkit.compiling.lowering.world.frames import Frame

_IN_PLACE: dict[type[ast.operator], str] = {
    ast.Add: "add_",
    ast.Sub: "sub_",
    ast.Mult: "mul_",
    ast.Div: "div_",
    ast.Pow: "pow_",
    ast.FloorDiv: "floor_divide_",
    ast.Mod: "remainder_",
    ast.BitAnd: "bitwise_and_",
    ast.BitOr: "bitwise_or_",
    ast.BitXor: "bitwise_xor_",
}


def assign(ev: Evaluator, target: ast.expr, value: Value, frame: Frame) -> None:
    """`target = value`."""
    match target:
        case ast.Name():
            _name_after(ev, value, target.id)
            ev.bind_name(frame, target.id, value)
        case ast.Tuple() | ast.List():
            _unpack(ev, target.elts, value, frame)
        case ast.Attribute():
            attributes.assign(ev, ev.expression(target.value, frame), target.attr, value)
        case ast.Subscript():
            owner = ev.lift(ev.expression(target.value, frame))
            _set_item(ev, owner, ev.expression(target.slice, frame), value)
        case _:
            raise RefusedError("syntax-not-lowered", f"an assignment to `{type(target).__name__}`")


def _name_after(ev: Evaluator, value: Value, name: str) -> None:
    """A value that was just computed bears the name its user gives it."""
    if not isinstance(value, Dyn) or value.slot is not None or value.home is not ev.residual.method:
        return
    block = ev.residual.method.blocks[-1]
    match block[-1] if block else None:
        case ast.Assign(targets=[ast.Name(id=held) as written]) if held == value.name and not name.startswith("_"):
            if value.name.rpartition("_")[0] != name and value.name != name:
                value.name = written.id = ev.residual.method.fresh(name)
        case _:
            pass


def _unpack(ev: Evaluator, targets: list[ast.expr], value: Value, frame: Frame) -> None:
    value = ev.lift(value)
    stars = [n for n, target in enumerate(targets) if isinstance(target, ast.Starred)]
    if isinstance(value, Dyn):
        if stars:
            raise RefusedError(
                "length-known-at-run-time", "a value of a length known only at run time is unpacked with `*`"
            )
        items = subscripts.unpack(ev, value, len(targets))
    else:
        items = ev.iterate(value)
    if stars:
        end = len(items) - (len(targets) - 1 - stars[0])
        if end < stars[0]:
            raise RaisedError(ValueError("not enough values to unpack"))
        items = [*items[: stars[0]], ev.effects.own(items[stars[0] : end]), *items[end:]]
    if len(items) != len(targets):
        raise RaisedError(ValueError(f"{len(items)} values for {len(targets)} names"))
    for target, part in zip(targets, items, strict=True):
        assign(ev, target.value if isinstance(target, ast.Starred) else target, part, frame)


def _set_item(ev: Evaluator, owner: Value, index: Value, value: Value) -> None:
    if not isinstance(owner, Dyn):
        containers.set_item(ev, owner, index, value)
        return
    if lists.is_list(owner):
        lists.set_item(ev, owner, index, value)
        return
    if not owner.is_tensor:
        raise RefusedError("state-mutated", f"an item of a `{owner.type}` known only at run time is written")
    ev.try_out("item assignment", _set_in_copy, [owner, index, value], {})
    place = ast.Subscript(ev.residual.ref(owner), subscripts.index_of(ev, index, owner), ast.Store())
    ev.residual.emit(ast.Assign([place], ev.residual.expression(value)))


def _set_in_copy(owner: Any, index: Any, value: Any) -> None:
    operator.setitem(owner, index, value)


def augment(ev: Evaluator, node: ast.AugAssign, frame: Frame) -> None:
    """`target op= value`."""
    target = node.target
    if isinstance(target, ast.Name):
        current = ev.expression(ast.copy_location(ast.Name(target.id, ast.Load()), target), frame)
        made = _augmented(ev, type(node.op), current, ev.expression(node.value, frame), node)
        assign(ev, target, made, frame)
        return
    owner = ev.lift(ev.expression(target.value, frame))
    if isinstance(target, ast.Subscript):
        index = ev.expression(target.slice, frame)
        current = subscripts.item(ev, owner, index)
        _set_item(ev, owner, index, _augmented(ev, type(node.op), current, ev.expression(node.value, frame), node))
        return
    current = attributes.read(ev, owner, target.attr)
    made = _augmented(ev, type(node.op), current, ev.expression(node.value, frame), node)
    if made is not current or not (isinstance(owner, Dyn) or _is_module(owner)):
        attributes.assign(ev, owner, target.attr, made)


def _is_module(owner: Value) -> bool:
    from torch import nn

    return isinstance(owner, nn.Module)


def _augmented(ev: Evaluator, op: type[ast.operator], current: Value, value: Value, node: ast.AugAssign) -> Value:
    ev.place.node = node
    current, value = ev.lift(current), ev.lift(value)
    if isinstance(current, Dyn) and current.is_tensor:
        return _in_place(ev, op, current, value)
    if isinstance(current, list):
        return _extended(ev, op, current, value)
    if lists.is_list(current) and op is ast.Add:
        lists.extend(ev, current, value)
        return current
    if isinstance(current, (dict, set)) or lists.is_list(current):
        raise RefusedError("operator-not-lowered", "an augmented assignment to a container")
    return operators.binary(ev, op, current, value)


def _in_place(ev: Evaluator, op: type[ast.operator], current: Dyn, value: Value) -> Dyn:
    name = _IN_PLACE.get(op)
    if name is None or (isinstance(value, Dyn) and value.is_optional):
        raise RefusedError("operator-not-lowered", f"`{op.__name__}` in place")
    shape = current.example.shape
    if isinstance(value, Dyn) and value.type == t.BOOL:
        raise RefusedError("operator-not-lowered", "a bool in arithmetic in place")
    ev.try_out(name, lambda x, y: getattr(x, name)(y), [current, value], {})
    assert current.example.shape == shape  # noqa: S101 - operations in place keep the shape
    call = syntax.call(ast.Attribute(ev.residual.ref(current), name, ast.Load()), [ev.residual.expression(value)])
    ev.residual.emit(ast.Expr(call))
    return current


def _extended(ev: Evaluator, op: type[ast.operator], current: list[Value], value: Value) -> Value:
    if op is not ast.Add:
        raise RefusedError("operator-not-lowered", "an augmented assignment to a list")
    items = ev.iterate(value)
    ev.effects.changing(current, "`+=`")
    current.extend(items)
    return current


def delete(ev: Evaluator, target: ast.expr, frame: Frame) -> None:
    """`del target`."""
    match target:
        case ast.Name():
            ev.effects.journal(frame.variables)
            frame.variables.pop(target.id, None)
        case ast.Subscript():
            owner = ev.expression(target.value, frame)
            containers.delete_item(ev, owner, ev.expression(target.slice, frame))
        case _:
            raise RefusedError("syntax-not-lowered", "`del` of an attribute")
