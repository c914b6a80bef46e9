"""Operators, comparisons, truth and subscripts: Python's own where both sides are static, emitted otherwise."""

from __future__ import annotations

import ast
import enum
import operator
from types import FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from scriptkit.compiling.lowering import syntax
from scriptkit.compiling.lowering.attributes import contents_of, items_of, native
from scriptkit.compiling.lowering.results import result_of
from scriptkit.compiling.lowering.values import (
    Dyn,
    Parts,
    RaisedError,
    RefusedError,
    Sizes,
    UnknownText,
    Value,
    has_dyn,
)
from scriptkit.language import types as t

if TYPE_CHECKING:
    from collections.abc import Callable

    from scriptkit.compiling.lowering.evaluate import Evaluator

LIST = t.List
ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.MatMult: operator.matmul,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
}
ORDER: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_SPECIAL_NAMES = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "truediv",
    ast.BitOr: "or",
    ast.BitAnd: "and",
}
_PLAIN = (
    bool,
    int,
    float,
    complex,
    str,
    bytes,
    list,
    tuple,
    dict,
    set,
    frozenset,
    range,
    slice,
    type(None),
    type(Ellipsis),
)
_TORCH_PLAIN = (torch.dtype, torch.device, torch.layout, torch.memory_format, torch.Size, Sizes, Parts)
_BY_IDENTITY = (type, nn.Module, FunctionType, MethodType, ModuleType)


def is_plain(value: Any) -> bool:
    """Whether an object's operators are Python's own: no code of anybody runs."""
    return type(value) in _PLAIN or isinstance(value, (*_TORCH_PLAIN, enum.Enum))


def binary(ev: Evaluator, op: type[ast.operator], left: Value, right: Value) -> Value:
    """`left op right`."""
    left, right = ev.lift(left), ev.lift(right)
    if isinstance(left, UnknownText) or isinstance(right, UnknownText):
        return UnknownText()
    if not isinstance(left, Dyn) and not isinstance(right, Dyn):
        return _static_binary(ev, op, left, right)
    for side in (left, right):
        if isinstance(side, str) or (isinstance(side, Dyn) and side.type == t.STR and op is ast.Mod):
            return UnknownText()
        _refuse_optional(side)
    if isinstance(left, (list, tuple)) or isinstance(right, (list, tuple)):
        return _repeated(ev, op, left, right)
    if not (is_number_or_tensor(left) and is_number_or_tensor(right)):
        raise RefusedError("operator-not-lowered", f"`{op.__name__}` of a `{_kind(left)}` and a `{_kind(right)}`")
    return _emit_binary(ev, op, left, right)


def _emit_binary(ev: Evaluator, op: type[ast.operator], left: Value, right: Value) -> Value:
    example = ev.try_out(op.__name__, ARITHMETIC[op], [left, right], {})
    expression: ast.expr = ast.BinOp(ev.residual.expression(left), op(), ev.residual.expression(right))
    if not isinstance(example, torch.Tensor) and op in {ast.LShift, ast.RShift, ast.Pow}:
        if op is ast.Pow and isinstance(example, int) and not isinstance(right, Dyn) and right >= 0:
            return ev.residual.bind(syntax.call("int", [expression]), example, "power")
        raise RefusedError("operator-not-lowered", f"`{op.__name__}` of numbers differs in TorchScript")
    if op in {ast.FloorDiv, ast.Mod} and isinstance(example, float):
        raise RefusedError("operator-not-lowered", f"`{op.__name__}` of floats differs in TorchScript")
    return ev.residual.bind(expression, example, _NAMES.get(op, "value"))


_NAMES = {
    ast.Add: "sum",
    ast.Sub: "difference",
    ast.Mult: "product",
    ast.Div: "quotient",
    ast.FloorDiv: "quotient",
    ast.Mod: "rest",
}


def is_number_or_tensor(value: Value) -> bool:
    """Whether TorchScript's arithmetic is defined for a value."""
    kind = value.type if isinstance(value, Dyn) else None
    return kind in {t.TENSOR, t.INT, t.FLOAT, t.BOOL} or type(value) in {bool, int, float, complex}


def _kind(value: Value) -> str:
    return str(value.type) if isinstance(value, Dyn) else type(value).__name__


def _refuse_optional(value: Value) -> None:
    if isinstance(value, Dyn) and value.is_optional:
        raise RefusedError("optional-not-refined", f"`{value.name}` may be None here")


def _static_binary(ev: Evaluator, op: type[ast.operator], left: Value, right: Value) -> Value:
    if is_plain(left) and is_plain(right):
        contents_of(ev, left)
        contents_of(ev, right)
        made = native(ARITHMETIC[op], left, right)
        if isinstance(left, Sizes) and type(made) is tuple:
            made = Sizes(made)
        return ev.effects.own(made) if isinstance(made, (list, dict, set)) else made
    name = _SPECIAL_NAMES.get(op)
    for owner, other, method in ((left, right, f"__{name}__"), (right, left, f"__r{name}__")):
        function = getattr(type(owner), method, None)
        if isinstance(function, FunctionType):
            return ev.call(function, [owner, other])
    raise RefusedError("operator-not-lowered", f"`{op.__name__}` of `{type(left).__name__}` objects")


def _repeated(ev: Evaluator, op: type[ast.operator], left: Value, right: Value) -> Value:
    """`[0] * n`, and lists joined with lists of run-time length."""
    if isinstance(left, Sizes) or isinstance(right, Sizes) or op not in {ast.Mult, ast.Add}:
        raise RefusedError("operator-not-lowered", f"`{op.__name__}` of a `{_kind(left)}` and a `{_kind(right)}`")
    if isinstance(left, tuple) or isinstance(right, tuple):
        raise RefusedError("operator-not-lowered", "a tuple of a length known only at run time")
    example = ev.try_out(op.__name__, ARITHMETIC[op], [left, right], {})
    return ev.residual.bind(
        ast.BinOp(ev.residual.expression(left), op(), ev.residual.expression(right)), example, "items"
    )


_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
}


def unary(ev: Evaluator, op: type[ast.unaryop], value: Value) -> Value:
    """`-value`, `+value`, `~value`."""
    value = ev.lift(value)
    if not isinstance(value, Dyn):
        if not is_plain(value):
            raise RefusedError("operator-not-lowered", f"`{op.__name__}` of a `{type(value).__name__}`")
        return native(_UNARY[op], value)
    if op is ast.UAdd and value.is_tensor:
        return value
    _refuse_optional(value)
    if op is ast.UAdd or not is_number_or_tensor(value):
        raise RefusedError("operator-not-lowered", f"`{op.__name__}` of a `{_kind(value)}`")
    example = ev.try_out(op.__name__, _UNARY[op], [value], {})
    return ev.residual.bind(ast.UnaryOp(op(), ev.residual.ref(value)), example, "negative")


def truth(ev: Evaluator, value: Value) -> Value:
    """A `bool`, or a value of type bool."""
    value = ev.lift(value)
    if isinstance(value, Dyn):
        return _dynamic_truth(ev, value)
    if isinstance(value, UnknownText):
        raise RefusedError("text-known-at-run-time", "the truth of a text known only at run time")
    if is_plain(value):
        contents_of(ev, value)
        return bool(value)
    return _truth_of_object(ev, value)


def _truth_of_object(ev: Evaluator, value: Value) -> Value:
    for name in ("__bool__", "__len__"):
        function = getattr(type(value), name, None)
        if isinstance(function, FunctionType):
            return truth(ev, ev.call(function, [value]))
        if function is not None:
            return bool(items_of(ev, value))
    return True


def _dynamic_truth(ev: Evaluator, value: Dyn) -> Value:
    residual = ev.residual
    if value.type == t.BOOL:
        return value
    if value.is_tensor:
        return residual.bind(
            syntax.call("bool", [residual.ref(value)]), ev.try_out("bool", bool, [value], {}), "is_true"
        )
    if value.type in (t.INT, t.FLOAT):
        zero = ast.Constant(0 if value.type == t.INT else 0.0)
        return residual.bind(ast.Compare(residual.ref(value), [ast.NotEq()], [zero]), bool(value.example), "is_true")
    if isinstance(value.type, t.List):
        length = syntax.call("len", [residual.ref(value)])
        return residual.bind(ast.Compare(length, [ast.Gt()], [ast.Constant(0)]), bool(value.example), "is_true")
    raise RefusedError("truth-not-lowered", f"the truth of a `{value.type}` known only at run time")


def negated(ev: Evaluator, value: Value) -> Value:
    """`not value` of a truth."""
    if not isinstance(value, Dyn):
        return not value
    made = ev.residual.bind(ast.UnaryOp(ast.Not(), ev.residual.ref(value)), not value.example, "is_not")
    made.implies = {not side: known for side, known in value.implies.items()}
    return made


def both(ev: Evaluator, one: Value, other: Value, *, is_first: bool) -> Value:
    """`one and other`, of comparisons in a chain."""
    if is_first:
        return other
    one, other = truth(ev, one), truth(ev, other)
    if not isinstance(one, Dyn):
        return other if one else False
    if not isinstance(other, Dyn):
        return one if other else False
    expression = ast.BoolOp(ast.And(), [ev.residual.ref(one), ev.residual.ref(other)])
    return ev.residual.bind(expression, one.example and other.example, "both")


def either(ev: Evaluator, values: list[Value], *, stop: bool) -> Value:
    """`any` (`stop` is True) or `all` of truths."""
    unknown: list[Dyn] = []
    for value in values:
        verdict = truth(ev, value)
        if isinstance(verdict, Dyn):
            unknown.append(verdict)
        elif verdict is stop:
            return stop
    if not unknown:
        return not stop
    if len(unknown) == 1:
        return unknown[0]
    examples = [value.example for value in unknown]
    op = ast.Or() if stop else ast.And()
    expression = ast.BoolOp(op, [ev.residual.ref(value) for value in unknown])
    return ev.residual.bind(expression, any(examples) if stop else all(examples), "any_of" if stop else "all_of")


def compare(ev: Evaluator, op: ast.cmpop, left: Value, right: Value) -> Value:
    """One comparison."""
    left, right = ev.lift(left), ev.lift(right)
    if isinstance(op, (ast.Is, ast.IsNot)):
        return _identity(ev, op, left, right)
    if isinstance(op, (ast.In, ast.NotIn)):
        found = contains(ev, right, left)
        return found if isinstance(op, ast.In) else negated(ev, found)
    if isinstance(op, (ast.Eq, ast.NotEq)) and (left is None) != (right is None):
        if any(isinstance(side, Dyn) and side.is_optional for side in (left, right)):
            raise RefusedError("optional-not-refined", "a value that may be None is compared with None by `==`")
        return isinstance(op, ast.NotEq)
    if not isinstance(left, Dyn) and not isinstance(right, Dyn):
        return _static_compare(ev, op, left, right)
    _refuse_optional(left)
    _refuse_optional(right)
    return _dynamic_compare(ev, op, left, right)


def _dynamic_compare(ev: Evaluator, op: ast.cmpop, left: Value, right: Value) -> Value:
    kinds = {_family(left), _family(right)}
    if len(kinds) > 1 and "tensor" not in kinds:
        if isinstance(op, (ast.Eq, ast.NotEq)) and "other" not in kinds:
            return isinstance(op, ast.NotEq)
        raise RefusedError("comparison-not-lowered", f"a `{_kind(left)}` is compared with a `{_kind(right)}`")
    example = ev.try_out("comparison", ORDER[type(op)], [left, right], {})
    expression = ast.Compare(ev.residual.expression(left), [op], [ev.residual.expression(right)])
    return ev.residual.bind(expression, example, "compared")


def _family(value: Value) -> str:
    kind = value.type if isinstance(value, Dyn) else None
    example = value.example if isinstance(value, Dyn) else value
    if kind == t.TENSOR:
        return "tensor"
    if isinstance(example, enum.Enum):
        return "other"
    for name, python_types in _FAMILIES.items():
        if isinstance(example, python_types):
            return name
    return "other"


_FAMILIES: dict[str, tuple[type, ...]] = {
    "number": (bool, int, float),
    "text": (str,),
    "dtype": (torch.dtype,),
    "device": (torch.device,),
}


def _identity(ev: Evaluator, op: ast.cmpop, left: Value, right: Value) -> Value:
    wanted = isinstance(op, ast.Is)
    for one, other in ((left, right), (right, left)):
        if not isinstance(one, Dyn):
            continue
        if other is None:
            return _is_none(ev, one, op) if one.is_optional else not wanted
        if isinstance(other, bool) and one.type == t.BOOL:
            return one if other == wanted else negated(ev, one)
        if isinstance(one.example, torch.dtype) and isinstance(_example_of(other), torch.dtype):
            return _dynamic_compare(ev, ast.Eq() if wanted else ast.NotEq(), one, other)
        if one is not other:
            raise RefusedError("identity-known-at-run-time", "`is` between values known only at run time")
        return wanted
    return (left is right) == wanted


def _example_of(value: Value) -> Any:
    return value.example if isinstance(value, Dyn) else value


def _is_none(ev: Evaluator, value: Dyn, op: ast.cmpop) -> Dyn:
    expression = ast.Compare(ev.residual.ref(value), [op], [ast.Constant(None)])
    example = (value.example is None) == isinstance(op, ast.Is)
    made = ev.residual.bind(expression, example, "is_none" if isinstance(op, ast.Is) else "is_given")
    made.implies = {isinstance(op, ast.IsNot): [value]}
    return made


def contains(ev: Evaluator, container: Value, item: Value) -> Value:
    """`item in container`."""
    if isinstance(container, Dyn):
        if isinstance(container.type, t.List) and container.type.element in (t.INT, t.STR, t.FLOAT, t.BOOL):
            example = ev.try_out("in", operator.contains, [container, item], {})
            expression = ast.Compare(ev.residual.expression(item), [ast.In()], [ev.residual.ref(container)])
            return ev.residual.bind(expression, example, "is_in")
        raise RefusedError("comparison-not-lowered", f"`in` a `{container.type}` known only at run time")
    if isinstance(container, (nn.ModuleDict, nn.ParameterDict)):
        return item in items_of(ev, container)
    function = getattr(type(container), "__contains__", None)
    if isinstance(function, FunctionType):
        return truth(ev, ev.call(function, [container, item]))
    contents_of(ev, container)
    if isinstance(container, dict) or not has_dyn((container, item)):
        return native(operator.contains, container, item)
    verdicts = [item is part or compare(ev, ast.Eq(), item, part) for part in items_of(ev, container)]
    return either(ev, verdicts, stop=True)


def _compares_by_identity(value: Value) -> bool:
    method: Any = type(value).__eq__
    return method is object.__eq__


def _static_compare(ev: Evaluator, op: ast.cmpop, left: Value, right: Value) -> Value:
    equality = isinstance(op, (ast.Eq, ast.NotEq))
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)) and has_dyn((left, right)) and equality:
        same_kind = isinstance(left, list) == isinstance(right, list) and len(left) == len(right)
        pairs = zip(left, right, strict=True) if same_kind else ()
        equal = either(ev, [compare(ev, ast.Eq(), a, b) for a, b in pairs], stop=False) if same_kind else False
        return equal if isinstance(op, ast.Eq) else negated(ev, equal)
    if is_plain(left) and is_plain(right):
        contents_of(ev, left)
        contents_of(ev, right)
        return native(ORDER[type(op)], left, right)
    if equality and any(isinstance(side, _BY_IDENTITY) or _compares_by_identity(side) for side in (left, right)):
        return (left is right) == isinstance(op, ast.Eq)
    function = getattr(type(left), {ast.Eq: "__eq__", ast.NotEq: "__ne__"}.get(type(op), ""), None)
    if isinstance(function, FunctionType):
        return ev.call(function, [left, right])
    raise RefusedError(
        "comparison-not-lowered", f"a `{type(left).__name__}` is compared with a `{type(right).__name__}`"
    )


# ---- subscripts


def item(ev: Evaluator, owner: Value, index: Value) -> Value:
    """`owner[index]`."""
    owner = ev.lift(owner)
    if isinstance(owner, Dyn):
        return _dynamic_item(ev, owner, index)
    if isinstance(index, Dyn):
        return _picked_at_run_time(ev, owner, index)
    function = getattr(type(owner), "__getitem__", None)
    if isinstance(function, FunctionType) and not isinstance(owner, (nn.ModuleList, nn.Sequential, nn.ModuleDict)):
        return ev.call(function, [owner, index])
    contents_of(ev, owner)
    if has_dyn(index):
        raise RefusedError(
            "index-known-at-run-time", f"a `{type(owner).__name__}` is indexed by a value known only at run time"
        )
    if not (is_plain(owner) or isinstance(owner, (dict, list, tuple, nn.Module)) or function is None):
        raise RefusedError("call-not-lowered", f"an item of a `{type(owner).__name__}`")
    found = native(operator.getitem, owner, index)
    if isinstance(index, slice):
        if isinstance(owner, Sizes):
            return Sizes(found)
        return ev.effects.own(found) if isinstance(found, list) else found
    return found


def _picked_at_run_time(ev: Evaluator, owner: Value, index: Dyn) -> Value:
    if isinstance(owner, (list, tuple)) and owner and index.type == t.INT:
        items = [ev.lift(part) for part in items_of(ev, owner)]
        if all(type(part) in (int, float, str, bool) or isinstance(part, Dyn) for part in items):
            return _dynamic_item(ev, ev.residual.bind(ev.residual.expression(items), ev.example(items), "items"), index)
    raise RefusedError(
        "index-known-at-run-time", f"a `{type(owner).__name__}` is indexed by a value known only at run time"
    )


def _dynamic_item(ev: Evaluator, owner: Dyn, index: Value) -> Value:
    _refuse_optional(owner)
    if not (owner.is_tensor or isinstance(owner.type, (t.List, t.Tuple, t.Dict)) or owner.type == t.STR):
        raise RefusedError("operator-not-lowered", f"an item of a `{owner.type}`")
    example = ev.try_out("subscript", operator.getitem, [owner, index], {})
    expression = ast.Subscript(ev.residual.ref(owner), index_of(ev, index), ast.Load())
    return result_of(ev, example, expression, "item", is_list=isinstance(example, (list, tuple)))


def index_of(ev: Evaluator, index: Value) -> ast.expr:
    """An index as residual code."""
    if isinstance(index, (tuple, Sizes)):
        return ast.Tuple([_index_part(ev, part) for part in index], ast.Load())
    return _index_part(ev, index)


def _index_part(ev: Evaluator, part: Value) -> ast.expr:
    if isinstance(part, slice):
        bounds = (part.start, part.stop, part.step)
        return ast.Slice(*(None if bound is None else ev.residual.expression(bound) for bound in bounds))
    if isinstance(part, (list, range, bool)):
        raise RefusedError("index-form-not-lowered", f"a tensor is indexed by a `{type(part).__name__}`")
    if isinstance(part, Dyn) and part.type == t.BOOL:
        raise RefusedError("index-form-not-lowered", "a tensor is indexed by a bool")
    return ev.residual.expression(part)


def unpack(ev: Evaluator, value: Dyn, count: int) -> list[Value]:
    """`a, b = value`: as many parts as there are names; TorchScript checks the number at run time."""
    _refuse_optional(value)
    if value.is_tensor:
        if value.example.dim() and len(value.example) == count:
            size = syntax.call(ast.Attribute(ev.residual.ref(value), "size", ast.Load()), [ast.Constant(0)])
            same = ast.Compare(size, [ast.Eq()], [ast.Constant(count)])
            ev.residual.emit(syntax.require(same, f"a tensor is unpacked into {count} names"))
            return [item(ev, value, number) for number in range(count)]
        raise RaisedError(ValueError("not enough values to unpack"))
    if not isinstance(value.type, (t.List, t.Tuple)):
        raise RefusedError("operator-not-lowered", f"a `{value.type}` is unpacked")
    if len(value.example) != count:
        raise RaisedError(ValueError(f"not {count} values to unpack"))
    parts = [
        ev.residual.declare(_part_type(value.type, n), value.example[n], f"{value.name}_{n}") for n in range(count)
    ]
    names = ast.Tuple([syntax.store(part.name) for part in parts], ast.Store())
    ev.residual.emit(ast.Assign([names], ev.residual.ref(value)))
    return list(parts)


def _part_type(type_: t.Type, number: int) -> t.Type:
    if isinstance(type_, t.Tuple):
        return type_.elements[number]
    assert isinstance(type_, t.List)  # noqa: S101 - the caller refuses everything else
    return type_.element
