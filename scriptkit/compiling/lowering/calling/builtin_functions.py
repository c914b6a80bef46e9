"""Python's built-in functions: one small function each."""

from __future__ import annotations

import ast
import copy
import functools
import inspect
import math
import operator
import typing
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.compiling.lowering.calling import copies, reductions
from scriptkit.compiling.lowering.evaluator import plain_objects, texts
from scriptkit.compiling.lowering.objects import attributes, containers
from scriptkit.compiling.lowering.objects.subscripts import item
from scriptkit.compiling.lowering.operations import tensors
from scriptkit.compiling.lowering.operations.comparisons import ORDER, compare
from scriptkit.compiling.lowering.operations.operators import ARITHMETIC, binary, unary
from scriptkit.compiling.lowering.paths.rounds import is_open, listed
from scriptkit.compiling.lowering.paths.truth import truth
from scriptkit.compiling.lowering.program import syntax
from scriptkit.compiling.lowering.world.frames import Closure
from scriptkit.compiling.lowering.world.refusing import RaisedError, RefusedError
from scriptkit.compiling.lowering.world.stand_ins import (
    DynEnumerate,
    DynRange,
    DynZip,
    TensorMethod,
    UnknownText,
    has_dyn,
)
from scriptkit.compiling.lowering.world.values import Dyn, Sizes, Value
from scriptkit.compiling.lowering.world.walking import Once, Walked, refuse_changed, walk
from scriptkit.language import types as t

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator


def _isinstance(ev: Evaluator, value: Value, kinds: Value) -> Value:
    if isinstance(value, Dyn):
        if value.is_optional:
            return _isinstance_of_optional(ev, value, kinds)
        return isinstance(value.example, kinds)
    if isinstance(value, Sizes):
        return isinstance(torch.Size(()), kinds)
    if isinstance(value, (Closure, TensorMethod)):
        raise RefusedError("call-not-lowered", "`isinstance` of a function of the run")
    return bool(plain_objects.native(isinstance, value, kinds))


def _isinstance_of_optional(ev: Evaluator, value: Dyn, kinds: Value) -> Value:
    given, missing = isinstance(value.spare, kinds), isinstance(None, kinds)
    if value.spare is None:
        raise RefusedError("optional-not-refined", f"`isinstance({value.name}, ...)`: it may be None")
    if given == missing:
        return given
    return compare(ev, ast.IsNot() if given else ast.Is(), value, None)


def _type(_: Evaluator, value: Value) -> type:
    if isinstance(value, Dyn):
        if value.is_optional:
            raise RefusedError("optional-not-refined", f"`type({value.name})`: it may be None")
        return type(value.example)
    return torch.Size if isinstance(value, Sizes) else type(value)


def _len(ev: Evaluator, value: Value) -> Value:
    value = ev.lift(value)
    if isinstance(value, Dyn):
        if value.is_tensor:
            return tensors.method(ev, value, "size", [0], {})
        if not isinstance(value.type, (t.List, t.Tuple)):
            raise RefusedError("call-not-lowered", f"`len` of a `{value.type}`")
        if isinstance(value.type, t.Tuple):
            return len(value.example)
        return ev.residual.bind(syntax.call("len", [ev.residual.ref(value)]), len(value.example), "length")
    own = getattr(type(value), "__len__", None)
    if hasattr(own, "__code__") and not isinstance(value, torch.nn.Module):
        return ev.call(own, [value])
    return len(attributes.items_of(ev, value))


def _getattr(ev: Evaluator, owner: Value, name: Value, *default: Value) -> Value:
    try:
        return attributes.read(ev, owner, _text(name))
    except RaisedError as raised:
        if default and isinstance(raised.error, AttributeError):
            return default[0]
        raise


def _text(name: Value) -> str:
    if not isinstance(name, str):
        raise RefusedError("text-known-at-run-time", "the name of an attribute is known only at run time")
    return name


def _hasattr(ev: Evaluator, owner: Value, name: Value) -> bool:
    owner = ev.lift(owner)
    if isinstance(owner, Dyn) and owner.is_tensor:
        return hasattr(owner.example, _text(name))
    try:
        attributes.read(ev, owner, _text(name))
    except RaisedError as raised:
        if isinstance(raised.error, AttributeError):
            return False
        raise
    return True


def _setattr(ev: Evaluator, owner: Value, name: Value, value: Value) -> None:
    attributes.assign(ev, owner, _text(name), value)


def _callable(_: Evaluator, value: Value) -> bool:
    return isinstance(value, (Closure, TensorMethod)) or (not isinstance(value, Dyn) and callable(value))


def _range(_: Evaluator, *bounds: Value) -> Value:
    return DynRange(bounds) if has_dyn(bounds) else plain_objects.native(range, *bounds)


def _enumerate(ev: Evaluator, items: Value, start: int = 0) -> Value:
    items = ev.lift(items)
    if is_open(items):
        return DynEnumerate(items, start)
    return walk(ev.effects, enumerate(ev.iterate(items), start), [items])


def _zip(ev: Evaluator, *iterables: Value, strict: bool = False) -> Value:
    iterables = tuple(map(ev.lift, iterables))
    if any(map(is_open, iterables)):
        fixed = [ev.iterate(part) for part in iterables if not is_open(part)]
        if not any(_is_object(part) for items in fixed for part in items):
            return DynZip(iterables, strict=strict)
        return _zipped_with_objects(ev, iterables, min(map(len, fixed)), strict=strict)
    lists = [ev.iterate(iterable) for iterable in iterables]
    return walk(ev.effects, plain_objects.native(lambda: list(zip(*lists, strict=strict))), iterables)


def _is_object(value: Value) -> bool:
    return isinstance(value, torch.nn.Module) or callable(value)


def _zipped_with_objects(ev: Evaluator, iterables: Sequence[Value], count: int, *, strict: bool) -> Value:
    """`zip` of modules with values of the run: as many rounds as there are modules; fewer values raise."""
    columns = []
    for part in iterables:
        if not is_open(part):
            columns.append(ev.iterate(part)[:count])
            continue
        length = _len(ev, part)
        enough = ast.Compare(ev.residual.ref(length), [ast.Eq() if strict else ast.GtE()], [ast.Constant(count)])
        ev.residual.emit(syntax.require(enough, f"lowered for {count} values here"))
        columns.append([item(ev, part, number) for number in range(count)])
    return walk(ev.effects, list(zip(*columns, strict=True)), iterables)


def _map(ev: Evaluator, function: Value, *iterables: Value) -> Value:
    rows = zip(*(ev.iterate(iterable) for iterable in iterables), strict=False)
    return walk(ev.effects, [ev.call(function, row) for row in rows], iterables, is_lazy=True)


def _list(ev: Evaluator, *args: Value) -> Value:
    if args and is_open(ev.lift(args[0])):
        return listed(ev, ev.lift(args[0]))
    return ev.effects.own(list(ev.iterate(args[0])) if args else [])


def _tuple(ev: Evaluator, *args: Value) -> Value:
    return tuple(ev.iterate(args[0])) if args else ()


def _set(ev: Evaluator, *args: Value) -> Value:
    return ev.effects.own(set(ev.iterate(args[0])) if args else set())


def _dict(ev: Evaluator, *args: Value, **kwargs: Value) -> Value:
    return containers.new_dict(ev, {}, args, kwargs)


def _iter(ev: Evaluator, items: Value) -> Value:
    return walk(ev.effects, ev.iterate(items), [items])


def _reversed(ev: Evaluator, items: Value) -> Value:
    return walk(ev.effects, list(ev.iterate(items))[::-1], [items])


def _next(ev: Evaluator, iterator: Value, *default: Value) -> Value:
    """Iterators are lists here; taking the first item takes it away."""
    if not isinstance(iterator, list):
        raise RefusedError("call-not-lowered", f"`next` of a `{type(iterator).__name__}`")
    if isinstance(iterator, Once):
        iterator.refuse_spent()
    if isinstance(iterator, Walked):
        refuse_changed(iterator.sources, 0)
    if iterator:
        ev.effects.changing(iterator, "`next`")
        return iterator.pop(0)
    if default:
        return default[0]
    raise RaisedError(StopIteration())


def _number(kind: Any, type_: t.Type) -> Callable[..., Value]:
    def convert(ev: Evaluator, value: Value = 0) -> Value:
        value = ev.lift(value)
        if not isinstance(value, Dyn):
            return plain_objects.native(kind, value)
        if value.type == type_:
            return value
        if value.type not in (t.TENSOR, t.INT, t.FLOAT, t.BOOL):
            raise RefusedError("call-not-lowered", f"`{kind.__name__}` of a `{value.type}`")
        example = ev.try_out(kind.__name__, kind, [value], {})
        return ev.residual.bind(syntax.call(kind.__name__, [ev.residual.ref(value)]), example, kind.__name__)

    return convert


def _str(_: Evaluator, value: Value = "") -> Value:
    if isinstance(value, type) and type(value).__repr__ is type.__repr__:
        return str(value)
    if (
        isinstance(value, UnknownText)
        or has_dyn(value)
        or type(value) not in (str, int, float, bool, type(None), torch.dtype)
    ):
        return UnknownText(texts.parts_of(value))
    return str(value)


def _bool(ev: Evaluator, value: Value = False) -> Value:  # noqa: FBT002 - Python's own
    return truth(ev, value)


def _reduce(ev: Evaluator, function: Value, items: Value, *initial: Value) -> Value:
    values = [*initial, *ev.iterate(items)]
    if not values:
        raise RaisedError(TypeError("reduce() of empty iterable"))
    return functools.reduce(lambda made, part: ev.call(function, [made, part]), values)


def _prod(ev: Evaluator, items: Value) -> Value:
    return tensors.product(ev, ev.iterate(items))


def _slice(_: Evaluator, *bounds: Value) -> slice:
    return slice(*bounds)


def _cast(_: Evaluator, __: Value, value: Value) -> Value:
    return value


def _issubclass(_: Evaluator, cls: Value, kinds: Value) -> bool:
    return bool(plain_objects.native(issubclass, cls, kinds))


def _fields(_: Evaluator, value: Value) -> Value:
    import dataclasses

    return plain_objects.native(dataclasses.fields, value)


def _is_dataclass(_: Evaluator, value: Value) -> bool:
    import dataclasses

    return dataclasses.is_dataclass(value)


def _signature(_: Evaluator, function: Value) -> inspect.Signature:
    if isinstance(function, (Closure, TensorMethod, Dyn)):
        raise RefusedError("introspection-not-lowered", "the signature of a function of the run")
    made: inspect.Signature = plain_objects.native(inspect.signature, function)
    return made


def _operators() -> dict[Any, Callable[..., Value]]:
    made: dict[Any, Callable[..., Value]] = {operator.getitem: item}
    for op, function in ARITHMETIC.items():
        made[function] = functools.partial(_swap, binary, op)
    for order, function in ORDER.items():
        made[function] = functools.partial(_swap, compare, order())
    made[operator.neg] = functools.partial(_swap, unary, ast.USub)
    return made


def _swap(function: Callable[..., Value], op: Any, ev: Evaluator, *args: Value) -> Value:
    return function(ev, op, *args)


def _table() -> dict[Any, Callable[..., Value]]:
    import dataclasses

    return {
        isinstance: _isinstance,
        issubclass: _issubclass,
        type: _type,
        len: _len,
        getattr: _getattr,
        hasattr: _hasattr,
        setattr: _setattr,
        callable: _callable,
        range: _range,
        enumerate: _enumerate,
        zip: _zip,
        map: _map,
        list: _list,
        tuple: _tuple,
        set: _set,
        dict: _dict,
        reversed: _reversed,
        iter: _iter,
        next: _next,
        str: _str,
        abs: reductions.magnitude,
        int: _number(int, t.INT),
        float: _number(float, t.FLOAT),
        bool: _bool,
        round: reductions.rounded,
        sum: reductions.total,
        max: reductions.extreme("max"),
        min: reductions.extreme("min"),
        any: reductions.any_of,
        all: reductions.all_of,
        sorted: reductions.ordered,
        slice: _slice,
        copy.copy: copies.shallow,
        copy.deepcopy: copies.deep,
        functools.reduce: _reduce,
        math.prod: _prod,
        typing.cast: _cast,
        dataclasses.fields: _fields,
        inspect.signature: _signature,
        dataclasses.is_dataclass: _is_dataclass,
        **_operators(),
    }


TABLE = _table()
