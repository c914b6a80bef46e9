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
from scriptkit.compiling.lowering.calling.python_equivalents import known
from scriptkit.compiling.lowering.evaluator import plain_objects, texts
from scriptkit.compiling.lowering.objects import attributes, containers, modules
from scriptkit.compiling.lowering.objects.subscripts import item
from scriptkit.compiling.lowering.operations import lists, tensors
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
    DynReversed,
    DynZip,
    TensorMethod,
    UnknownText,
    has_dyn,
)
from scriptkit.compiling.lowering.world.values import Dyn, Sizes, Value
from scriptkit.compiling.lowering.world.walking import Once, Walked, refuse_changed, sources_of, walk
from scriptkit.language import types as t

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator


def _isinstance(evaluator: Evaluator, value: Value, kinds: Value) -> Value:
    if isinstance(value, Dyn):
        if value.is_optional:
            return _isinstance_of_optional(evaluator, value, kinds)
        return isinstance(value.example, kinds)
    if isinstance(value, Sizes):
        return isinstance(torch.Size(()), kinds)
    if isinstance(value, (Closure, TensorMethod)):
        raise RefusedError("call-not-lowered", "`isinstance` of a function of the run")
    return bool(plain_objects.native(isinstance, value, kinds))


def _isinstance_of_optional(evaluator: Evaluator, value: Dyn, kinds: Value) -> Value:
    given, missing = isinstance(value.example_if_given, kinds), isinstance(None, kinds)
    if value.example_if_given is None:
        raise RefusedError("optional-not-refined", "`isinstance` of a value that may be None")
    if given == missing:
        return given
    return compare(evaluator, ast.IsNot() if given else ast.Is(), value, None)


def _type(_: Evaluator, value: Value) -> type:
    if isinstance(value, Dyn):
        if value.is_optional:
            raise RefusedError("optional-not-refined", "`type` of a value that may be None")
        return type(value.example)
    return torch.Size if isinstance(value, Sizes) else type(value)


def _len(evaluator: Evaluator, value: Value) -> Value:
    value = evaluator.lift(value)
    if isinstance(value, Dyn):
        if value.is_tensor:
            return tensors.method(evaluator, value, "size", [0], {})
        if not isinstance(value.type, (t.List, t.Tuple)):
            raise RefusedError("call-not-lowered", f"`len` of a `{value.type}`")
        if isinstance(value.type, t.Tuple):
            return len(value.example)
        return evaluator.residual.bind(
            syntax.call("len", [evaluator.residual.ref(value)]), len(value.example), "length"
        )
    if isinstance(value, torch.nn.Module):
        return modules.length_of(evaluator, value)
    own = getattr(type(value), "__len__", None)
    if hasattr(own, "__code__"):
        return evaluator.call(own, [value])
    return len(attributes.items_of(evaluator, value))


def _getattr(evaluator: Evaluator, owner: Value, name: Value, *default: Value) -> Value:
    try:
        return attributes.read(evaluator, owner, _text(name))
    except RaisedError as raised:
        if default and isinstance(raised.error, AttributeError):
            return default[0]
        raise


def _text(name: Value) -> str:
    if not isinstance(name, str):
        raise RefusedError("text-known-at-run-time", "the name of an attribute is known only at run time")
    return name


def _hasattr(evaluator: Evaluator, owner: Value, name: Value) -> bool:
    owner = evaluator.lift(owner)
    if isinstance(owner, Dyn) and owner.is_tensor:
        return hasattr(owner.example, _text(name))
    try:
        attributes.read(evaluator, owner, _text(name))
    except RaisedError as raised:
        if isinstance(raised.error, AttributeError):
            return False
        raise
    return True


def _setattr(evaluator: Evaluator, owner: Value, name: Value, value: Value) -> None:
    attributes.assign(evaluator, owner, _text(name), value)


def _callable(_: Evaluator, value: Value) -> bool:
    return isinstance(value, (Closure, TensorMethod)) or (not isinstance(value, Dyn) and callable(value))


def _range(_: Evaluator, *bounds: Value) -> Value:
    return DynRange(bounds) if has_dyn(bounds) else plain_objects.native(range, *bounds)


def _enumerate(evaluator: Evaluator, items: Value, start: int = 0) -> Value:
    items = evaluator.lift(items)
    if is_open(items):
        return DynEnumerate(items, start)
    return walk(evaluator.effects, enumerate(evaluator.iterate(items), start), [items])


def _zip(evaluator: Evaluator, *iterables: Value, strict: bool = False) -> Value:
    iterables = tuple(map(evaluator.lift, iterables))
    if any(map(is_open, iterables)):
        fixed = [evaluator.iterate(part) for part in iterables if not is_open(part)]
        if not any(_is_object(part) for items in fixed for part in items):
            return DynZip(iterables, strict=strict)
        return _zipped_with_objects(evaluator, iterables, min(map(len, fixed)), strict=strict)
    lists = [evaluator.iterate(iterable) for iterable in iterables]
    return walk(evaluator.effects, plain_objects.native(lambda: list(zip(*lists, strict=strict))), iterables)


def _is_object(value: Value) -> bool:
    return isinstance(value, torch.nn.Module) or callable(value)


def _zipped_with_objects(evaluator: Evaluator, iterables: Sequence[Value], count: int, *, strict: bool) -> Value:
    """`zip` of modules with values of the run: as many rounds as there are modules; fewer values raise."""
    columns = []
    for part in iterables:
        if not is_open(part):
            columns.append(evaluator.iterate(part)[:count])
            continue
        length = _len(evaluator, part)
        enough = ast.Compare(evaluator.residual.ref(length), [ast.Eq() if strict else ast.GtE()], [ast.Constant(count)])
        evaluator.residual.emit(syntax.require_as_lowered(enough, f"lowered for {count} values here"))
        columns.append([item(evaluator, part, number) for number in range(count)])
    return walk(evaluator.effects, list(zip(*columns, strict=True)), iterables)


def _map(evaluator: Evaluator, function: Value, *iterables: Value) -> Value:
    rows = zip(*(evaluator.iterate(iterable) for iterable in iterables), strict=False)
    return walk(evaluator.effects, [evaluator.call(function, row) for row in rows], iterables, is_lazy=True)


def _list(evaluator: Evaluator, *args: Value) -> Value:
    if args and is_open(evaluator.lift(args[0])):
        return listed(evaluator, evaluator.lift(args[0]))
    return evaluator.effects.own(list(evaluator.iterate(args[0])) if args else [])


def _tuple(evaluator: Evaluator, *args: Value) -> Value:
    return tuple(evaluator.iterate(args[0])) if args else ()


def _set(evaluator: Evaluator, *args: Value) -> Value:
    return evaluator.effects.own(set(evaluator.iterate(args[0])) if args else set())


def _dict(evaluator: Evaluator, *args: Value, **kwargs: Value) -> Value:
    return containers.new_dict(evaluator, {}, args, kwargs)


def _iter(evaluator: Evaluator, items: Value) -> Value:
    return walk(evaluator.effects, evaluator.iterate(items), [items])


def _reversed(evaluator: Evaluator, items: Value) -> Value:
    items = evaluator.lift(items)
    if isinstance(items, DynRange):
        return _reversed_range(evaluator, items)
    if lists.is_list(items):
        return DynReversed(lists.reversed_copy(evaluator, items), sources_of(items))
    if isinstance(items, Dyn) and items.is_tensor:
        return evaluator.call(torch.flip, [items, (0,)], {})
    return walk(evaluator.effects, list(evaluator.iterate(items))[::-1], [items])


def _reversed_range(evaluator: Evaluator, items: DynRange) -> Value:
    """The same numbers from the last one on: `range(last, first - step, -step)`."""
    bounds = items.bounds
    first, end, step = (0, *bounds, 1) if len(bounds) == 1 else (*bounds, 1)[:3]
    if type(step) is not int or step == 0:
        raise RefusedError("loop-not-lowered", "`reversed` of a `range` whose step only a run knows")
    last = binary(evaluator, ast.Sub, end, step)
    if abs(step) > 1:
        span = binary(evaluator, ast.Sub, *((end, first) if step > 0 else (first, end)))
        rounds = binary(evaluator, ast.FloorDiv, binary(evaluator, ast.Add, span, abs(step) - 1), abs(step))
        steps = binary(evaluator, ast.Mult, binary(evaluator, ast.Sub, rounds, 1), step)
        last = binary(evaluator, ast.Add, first, steps)
    return DynRange((last, binary(evaluator, ast.Sub, first, step), -step))


def _next(evaluator: Evaluator, iterator: Value, *default: Value) -> Value:
    """Iterators are lists here; taking the first item takes it away."""
    if not isinstance(iterator, list):
        raise RefusedError("call-not-lowered", f"`next` of a `{type(iterator).__name__}`")
    if isinstance(iterator, Once):
        iterator.refuse_spent()
    if isinstance(iterator, Walked):
        refuse_changed(iterator.sources, 0)
    if iterator:
        evaluator.effects.changing(iterator, "`next`")
        return iterator.pop(0)
    if default:
        return default[0]
    raise RaisedError(StopIteration())


def _number(kind: Any, type_: t.Type) -> Callable[..., Value]:
    def convert(evaluator: Evaluator, value: Value = 0) -> Value:
        value = evaluator.lift(value)
        if not isinstance(value, Dyn):
            return plain_objects.native(kind, value)
        if value.type == type_:
            return value
        if value.type not in (t.TENSOR, t.INT, t.FLOAT, t.BOOL):
            raise RefusedError("call-not-lowered", f"`{kind.__name__}` of a `{value.type}`")
        example = evaluator.try_out(kind.__name__, kind, [value], {})
        return evaluator.residual.bind(
            syntax.call(kind.__name__, [evaluator.residual.ref(value)]), example, kind.__name__
        )

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


def _bool(evaluator: Evaluator, value: Value = False) -> Value:  # noqa: FBT002 - Python's own
    return truth(evaluator, value)


def _reduce(evaluator: Evaluator, function: Value, items: Value, *initial: Value) -> Value:
    values = [*initial, *evaluator.iterate(items)]
    if not values:
        raise RaisedError(TypeError("reduce() of empty iterable"))
    return functools.reduce(lambda made, part: evaluator.call(function, [made, part]), values)


def _prod(evaluator: Evaluator, items: Value) -> Value:
    return tensors.product(evaluator, evaluator.iterate(items))


def _known(_: Evaluator, value: Value) -> Value:
    if has_dyn(value):
        raise RefusedError("call-not-lowered", "`sorted` by keys known only at run time")
    return value


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


def _swap(function: Callable[..., Value], op: Any, evaluator: Evaluator, *args: Value) -> Value:
    return function(evaluator, op, *args)


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
        known: _known,
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
