"""Assignments: to names, items, attributes and tuples of them, plain and augmented."""

from __future__ import annotations

import ast
import operator
from typing import TYPE_CHECKING, Any

from scriptkit.compiling.lowering.evaluator import plain_objects
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


def assign(evaluator: Evaluator, target: ast.expr, value: Value, frame: Frame) -> None:
    """`target = value`."""
    match target:
        case ast.Name():
            _name_after(evaluator, value, target.id)
            evaluator.bind_name(frame, target.id, value)
        case ast.Tuple() | ast.List():
            _unpack(evaluator, target.elts, value, frame)
        case ast.Attribute():
            attributes.assign(evaluator, evaluator.expression(target.value, frame), target.attr, value)
        case _:
            assert isinstance(target, ast.Subscript)  # noqa: S101 - the grammar has no other target
            owner = evaluator.lift(evaluator.expression(target.value, frame))
            _set_item(evaluator, owner, evaluator.expression(target.slice, frame), value)


def _name_after(evaluator: Evaluator, value: Value, name: str) -> None:
    """A value that was just computed bears the name its user gives it."""
    if not isinstance(value, Dyn) or value.slot is not None or value.home is not evaluator.residual.method:
        return
    block = evaluator.residual.method.blocks[-1]
    match block[-1] if block else None:
        case ast.Assign(targets=[ast.Name(id=held) as written]) if held == value.name and not name.startswith("_"):
            if value.name.rpartition("_")[0] != name and value.name != name:
                written.id = value.becomes(evaluator.residual.method.fresh(name))
        case _:
            pass


def _unpack(evaluator: Evaluator, targets: list[ast.expr], value: Value, frame: Frame) -> None:
    value = evaluator.lift(value)
    stars = [n for n, target in enumerate(targets) if isinstance(target, ast.Starred)]
    if isinstance(value, Dyn):
        if stars:
            raise RefusedError(
                "length-known-at-run-time", "a value of a length known only at run time is unpacked with `*`"
            )
        items = subscripts.unpack(evaluator, value, len(targets))
    else:
        items = evaluator.iterate(value)
    if stars:
        end = len(items) - (len(targets) - 1 - stars[0])
        if end < stars[0]:
            raise RaisedError(ValueError("not enough values to unpack"))
        items = [*items[: stars[0]], evaluator.effects.own(items[stars[0] : end]), *items[end:]]
    if len(items) != len(targets):
        raise RaisedError(ValueError(f"{len(items)} values for {len(targets)} names"))
    for target, part in zip(targets, items, strict=True):
        assign(evaluator, target.value if isinstance(target, ast.Starred) else target, part, frame)


def _set_item(evaluator: Evaluator, owner: Value, index: Value, value: Value) -> None:
    if not isinstance(owner, Dyn):
        containers.set_item(evaluator, owner, index, value)
        return
    if lists.is_list(owner):
        lists.set_item(evaluator, owner, index, value)
        return
    if not owner.is_tensor:
        raise RefusedError("state-mutated", f"an item of a `{owner.type}` known only at run time is written")
    evaluator.try_out("item assignment", _set_in_copy, [owner, index, value], {})
    place = ast.Subscript(evaluator.residual.ref(owner), subscripts.index_of(evaluator, index, owner), ast.Store())
    evaluator.residual.emit(ast.Assign([place], evaluator.residual.expression(value)))


def _set_in_copy(owner: Any, index: Any, value: Any) -> None:
    operator.setitem(owner, index, value)


def augment(evaluator: Evaluator, node: ast.AugAssign, frame: Frame) -> None:
    """`target op= value`."""
    target = node.target
    if isinstance(target, ast.Name):
        current = evaluator.expression(ast.copy_location(ast.Name(target.id, ast.Load()), target), frame)
        made = _augmented(evaluator, type(node.op), current, evaluator.expression(node.value, frame), node)
        assign(evaluator, target, made, frame)
        return
    owner = evaluator.lift(evaluator.expression(target.value, frame))
    if isinstance(target, ast.Subscript):
        index = evaluator.expression(target.slice, frame)
        current = subscripts.item(evaluator, owner, index)
        _set_item(
            evaluator,
            owner,
            index,
            _augmented(evaluator, type(node.op), current, evaluator.expression(node.value, frame), node),
        )
        return
    current = attributes.read(evaluator, owner, target.attr)
    made = _augmented(evaluator, type(node.op), current, evaluator.expression(node.value, frame), node)
    if made is not current or not (isinstance(owner, Dyn) or _is_module(owner)):
        attributes.assign(evaluator, owner, target.attr, made)


def _is_module(owner: Value) -> bool:
    from torch import nn

    return isinstance(owner, nn.Module)


def _augmented(
    evaluator: Evaluator, op: type[ast.operator], current: Value, value: Value, node: ast.AugAssign
) -> Value:
    evaluator.place.node = node
    current, value = evaluator.lift(current), evaluator.lift(value)
    if isinstance(current, Dyn) and current.is_tensor:
        return _in_place(evaluator, op, current, value)
    if isinstance(current, list):
        return _extended(evaluator, op, current, value)
    if lists.is_list(current) and op is ast.Add:
        lists.extend(evaluator, current, value)
        return current
    if isinstance(current, (dict, set)):
        return _merged(evaluator, op, current, value)
    if lists.is_list(current):
        raise RefusedError("operator-not-lowered", "an augmented assignment to a list of the run, other than `+=`")
    return operators.binary(evaluator, op, current, value)


def _in_place(evaluator: Evaluator, op: type[ast.operator], current: Dyn, value: Value) -> Dyn:
    name = _IN_PLACE.get(op)
    if name is None or (isinstance(value, Dyn) and value.is_optional):
        raise RefusedError("operator-not-lowered", f"`{op.__name__}` in place")
    shape = current.example.shape
    if isinstance(value, Dyn) and value.type == t.BOOL:
        raise RefusedError("operator-not-lowered", "a bool in arithmetic in place")
    evaluator.try_out(name, lambda x, y: getattr(x, name)(y), [current, value], {})
    assert current.example.shape == shape  # noqa: S101 - operations in place keep the shape
    call = syntax.call(
        ast.Attribute(evaluator.residual.ref(current), name, ast.Load()), [evaluator.residual.expression(value)]
    )
    evaluator.residual.emit(ast.Expr(call))
    return current


def _merged(evaluator: Evaluator, op: type[ast.operator], current: Value, value: Value) -> Value:
    """`table |= other`, and what sets have besides."""
    change = _MERGING.get(op)
    if change is None or not isinstance(value, (dict, set, frozenset)):
        raise RefusedError("operator-not-lowered", f"`{op.__name__}` in place of a `{type(current).__name__}`")
    evaluator.effects.changing(current, "an augmented assignment")
    plain_objects.contents_of(evaluator, value)
    return plain_objects.native(change, current, value)


_MERGING = {ast.BitOr: operator.ior, ast.BitAnd: operator.iand, ast.Sub: operator.isub, ast.BitXor: operator.ixor}


def _extended(evaluator: Evaluator, op: type[ast.operator], current: list[Value], value: Value) -> Value:
    if op is not ast.Add:
        raise RefusedError("operator-not-lowered", "an augmented assignment to a list")
    items = evaluator.iterate(value)
    evaluator.effects.changing(current, "`+=`")
    current.extend(items)
    return current


def delete(evaluator: Evaluator, target: ast.expr, frame: Frame) -> None:
    """`del target`."""
    match target:
        case ast.Name():
            evaluator.effects.journal(frame.variables)
            frame.variables.pop(target.id, None)
        case ast.Subscript():
            owner = evaluator.expression(target.value, frame)
            containers.delete_item(evaluator, owner, evaluator.expression(target.slice, frame))
        case _:
            raise RefusedError("syntax-not-lowered", "`del` of an attribute")
