"""Subscripts and unpacking."""

from __future__ import annotations

import ast
import operator
from types import FunctionType, MappingProxyType
from typing import TYPE_CHECKING

import torch
from torch import nn

from scriptkit.compiling.lowering.evaluator.optionals import refuse_optional, unwrapped
from scriptkit.compiling.lowering.evaluator.plain_objects import contents_of, is_plain, native
from scriptkit.compiling.lowering.evaluator.results import result_of
from scriptkit.compiling.lowering.objects import picking
from scriptkit.compiling.lowering.objects.attributes import items_of
from scriptkit.compiling.lowering.operations import lists, tensors
from scriptkit.compiling.lowering.program import syntax
from scriptkit.compiling.lowering.world.refusing import RaisedError, RefusedError
from scriptkit.compiling.lowering.world.stand_ins import UnknownText, has_dyn
from scriptkit.compiling.lowering.world.values import Dyn, Sizes, Value
from scriptkit.language import types as t

if TYPE_CHECKING:
    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator


def item(evaluator: Evaluator, owner: Value, index: Value) -> Value:
    """`owner[index]`."""
    owner = evaluator.lift(owner)
    if isinstance(owner, Dyn):
        return _dynamic_item(evaluator, owner, index)
    if isinstance(index, Dyn):
        return _picked_at_run_time(evaluator, owner, index)
    if isinstance(index, UnknownText) and isinstance(owner, (dict, nn.ModuleDict)):
        return picking.pick_named(evaluator, owner, index)
    function = getattr(type(owner), "__getitem__", None)
    if isinstance(function, FunctionType) and not isinstance(owner, (nn.ModuleList, nn.Sequential, nn.ModuleDict)):
        return evaluator.call(function, [owner, index])
    contents_of(evaluator, owner)
    if has_dyn(index):
        raise RefusedError(
            "index-known-at-run-time", f"a `{type(owner).__name__}` is indexed by a value known only at run time"
        )
    readable = (dict, list, tuple, nn.Module, MappingProxyType)
    if not (is_plain(owner) or isinstance(owner, readable) or function is None):
        raise RefusedError("call-not-lowered", f"an item of a `{type(owner).__name__}`")
    found = native(operator.getitem, owner, index)
    if isinstance(index, slice):
        if isinstance(owner, Sizes):
            return Sizes(found)
        return evaluator.effects.own(found) if isinstance(found, list) else found
    return found


def _picked_at_run_time(evaluator: Evaluator, owner: Value, index: Dyn) -> Value:
    if isinstance(owner, (list, tuple)) and owner and index.type == t.INT:
        items = [evaluator.lift(part) for part in items_of(evaluator, owner)]
        if all(type(part) in (int, float, str, bool) or isinstance(part, Dyn) for part in items):
            return _dynamic_item(
                evaluator,
                evaluator.residual.bind(evaluator.residual.expression(items), evaluator.example(items), "items"),
                index,
            )
    picked = picking.pick(evaluator, owner, index)
    if all(part is None or isinstance(evaluator.lift(part), Dyn) for _, part in picked.choices):
        return picking.each(evaluator, picked, lambda part: part)
    return picked


def _dynamic_item(evaluator: Evaluator, owner: Dyn, index: Value) -> Value:
    owner = unwrapped(evaluator, owner)
    if not (owner.is_tensor or isinstance(owner.type, (t.List, t.Tuple, t.Dict)) or owner.type == t.STR):
        raise RefusedError("operator-not-lowered", f"an item of a `{owner.type}`")
    if lists.is_list(owner) and _turns_round(index):
        return lists.reversed_copy(evaluator, owner)
    example = evaluator.try_out("subscript", operator.getitem, [owner, index], {})
    expression = ast.Subscript(evaluator.residual.ref(owner), index_of(evaluator, index, owner), ast.Load())
    return result_of(evaluator, example, expression, "item", is_list=isinstance(example, (list, tuple)))


def _turns_round(index: Value) -> bool:
    """Whether an index is `[::-1]`."""
    if not isinstance(index, slice) or index.start is not None or index.stop is not None:
        return False
    return type(index.step) is int and index.step == -1


def index_of(evaluator: Evaluator, index: Value, owner: Dyn) -> ast.expr:
    """An index as residual code."""
    if isinstance(index, tuple) and Ellipsis in [part for part in index if part is Ellipsis] and owner.is_tensor:
        index = _without_ellipsis(evaluator, index, owner)
    if isinstance(index, (tuple, Sizes)):
        return ast.Tuple([_index_part(evaluator, part, owner) for part in index], ast.Load())
    return _index_part(evaluator, index, owner)


def _index_part(evaluator: Evaluator, part: Value, owner: Dyn) -> ast.expr:
    if isinstance(part, slice):
        bounds = (part.start, part.stop, part.step)
        return ast.Slice(*(None if bound is None else evaluator.residual.expression(bound) for bound in bounds))
    if isinstance(part, (list, range)) and part and all(_is_index(item) for item in part):
        return _index_tensor(evaluator, list(part), owner)
    if isinstance(part, (list, range, bool)):
        raise RefusedError("index-form-not-lowered", f"a tensor is indexed by a `{type(part).__name__}`")
    if isinstance(part, Dyn) and part.type == t.BOOL:
        raise RefusedError("index-form-not-lowered", "a tensor is indexed by a bool")
    return evaluator.residual.expression(part)


def _without_ellipsis(evaluator: Evaluator, index: tuple[Value, ...], owner: Dyn) -> tuple[Value, ...]:
    """TorchScript does not know `...` beside tensors; the rank says how many `:` it stands for."""
    picks = [part for part in index if isinstance(part, list) or (isinstance(part, Dyn) and part.is_tensor)]
    if not picks or any(isinstance(part, Dyn) and part.example.dtype == torch.bool for part in picks):
        return index
    position = next(number for number, part in enumerate(index) if part is Ellipsis)
    named = sum(part is not None and part is not Ellipsis for part in index)
    missing = [slice(None)] * (tensors.rank(evaluator, owner) - named)
    return (*index[:position], *missing, *index[position + 1 :])


def _is_index(value: Value) -> bool:
    return type(value) in (int, bool) or (isinstance(value, Dyn) and value.type in (t.INT, t.BOOL))


def _index_tensor(evaluator: Evaluator, numbers: list[Value], owner: Dyn) -> ast.expr:
    """A list of numbers or bools picks as the tensor of them does."""
    device = ast.Attribute(evaluator.residual.ref(owner), "device", ast.Load())
    return syntax.call("torch.tensor", [evaluator.residual.expression(numbers)], {"device": device})


def unpack(evaluator: Evaluator, value: Dyn, count: int) -> list[Value]:
    """`a, b = value`: as many parts as there are names; TorchScript checks the number at run time."""
    refuse_optional(value)
    if value.is_tensor:
        if value.example.dim() and len(value.example) == count:
            size = syntax.call(ast.Attribute(evaluator.residual.ref(value), "size", ast.Load()), [ast.Constant(0)])
            same = ast.Compare(size, [ast.Eq()], [ast.Constant(count)])
            evaluator.residual.emit(syntax.require(same, f"a tensor is unpacked into {count} names"))
            return [item(evaluator, value, number) for number in range(count)]
        raise RaisedError(ValueError("not enough values to unpack"))
    if not isinstance(value.type, (t.List, t.Tuple)):
        raise RefusedError("operator-not-lowered", f"a `{value.type}` is unpacked")
    if len(value.example) != count:
        raise RaisedError(ValueError(f"not {count} values to unpack"))
    parts = [
        evaluator.residual.declare(_part_type(value.type, n), value.example[n], f"{value.name}_{n}")
        for n in range(count)
    ]
    names = ast.Tuple([syntax.store(part.name) for part in parts], ast.Store())
    evaluator.residual.emit(ast.Assign([names], evaluator.residual.ref(value)))
    return list(parts)


def _part_type(type_: t.Type, number: int) -> t.Type:
    if isinstance(type_, t.Tuple):
        return type_.elements[number]
    assert isinstance(type_, t.List)  # noqa: S101 - the caller refuses everything else
    return type_.element
