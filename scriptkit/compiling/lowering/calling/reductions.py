"""Python's built-in functions that make one value of several, or order them: `max`, `sum`, `any`, `sorted`, `round`."""

from __future__ import annotations

import ast
import builtins
from typing import TYPE_CHECKING, Any

from scriptkit.compiling.lowering.evaluator import plain_objects
from scriptkit.compiling.lowering.objects import subscripts
from scriptkit.compiling.lowering.operations import lists
from scriptkit.compiling.lowering.operations.comparisons import compare, either
from scriptkit.compiling.lowering.operations.operators import binary
from scriptkit.compiling.lowering.paths import branching
from scriptkit.compiling.lowering.paths.truth import truth
from scriptkit.compiling.lowering.program import syntax
from scriptkit.compiling.lowering.world.refusing import RefusedError
from scriptkit.compiling.lowering.world.stand_ins import has_dyn
from scriptkit.compiling.lowering.world.values import Dyn, Value
from scriptkit.language import types as t

if TYPE_CHECKING:
    from collections.abc import Callable

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator

_NUMBERS = (t.INT, t.FLOAT)


def magnitude(evaluator: Evaluator, value: Value) -> Value:
    """`abs(value)`."""
    value = evaluator.lift(value)
    if not isinstance(value, Dyn):
        return plain_objects.native(abs, value)
    return evaluator.residual.bind(
        syntax.call("abs", [evaluator.residual.ref(value)]), evaluator.try_out("abs", abs, [value], {}), "magnitude"
    )


def rounded(evaluator: Evaluator, value: Value, *digits: Value) -> Value:
    """`round(value)`: to even, as TorchScript does, which gives a float."""
    value = evaluator.lift(value)
    if isinstance(value, Dyn) and value.type == t.FLOAT and not digits:
        call = syntax.call("int", [syntax.call("round", [evaluator.residual.expression(value)])])
        return evaluator.residual.bind(call, evaluator.try_out("round", round, [value], {}), "rounded")
    if isinstance(value, Dyn) and value.type == t.INT and not digits:
        return value
    if has_dyn((value, *digits)):
        raise RefusedError("call-not-lowered", "`round` of a value known only at run time")
    return plain_objects.native(round, value, *digits)


def total(evaluator: Evaluator, items: Value, start: Value = 0) -> Value:
    """`sum(items)`."""
    items = evaluator.lift(items)
    if lists.is_list(items) and start == 0 and lists.element(items) == t.INT:
        return _of_list(evaluator, "sum", items)
    if lists.is_list(items) and type(start) is int and lists.element(items) == t.TENSOR:
        return _sum_of_tensors(evaluator, items, start)
    made = start
    for part in evaluator.iterate(items):
        made = binary(evaluator, ast.Add, made, part)
    return made


def _sum_of_tensors(evaluator: Evaluator, items: Dyn, start: int) -> Dyn:
    """A loop; of no tensors the sum is no tensor, and the program raises."""
    residual = evaluator.residual
    if not items.example:
        raise RefusedError("loop-not-lowered", "a sum of something that is empty in the example")
    example = evaluator.try_out("sum", sum, [items, start], {})
    length = syntax.call("len", [residual.ref(items)])
    residual.emit(syntax.require(ast.Compare(length, [ast.Gt()], [ast.Constant(0)]), "a sum of no tensors"))
    first = ast.Subscript(residual.ref(items), ast.Constant(0), ast.Load())
    made = residual.bind(ast.BinOp(first, ast.Add(), syntax.number(start)), example, "total")
    entry = residual.method.fresh("entry")
    added = ast.BinOp(residual.ref(made), ast.Add(), syntax.load(entry))
    rest = ast.Subscript(residual.ref(items), ast.Slice(ast.Constant(1)), ast.Load())
    body: list[ast.stmt] = [ast.Assign([syntax.store(made.name)], added)]
    residual.emit(ast.For(syntax.store(entry), rest, body, []))
    return made


def _of_list(evaluator: Evaluator, name: str, items: Dyn) -> Dyn:
    example = evaluator.try_out(name, getattr(builtins, name), [items], {})
    spelling = "torch.ops.aten.sum" if name == "sum" else name  # `sum` is a frequent name
    return evaluator.residual.bind(syntax.call(spelling, [evaluator.residual.ref(items)]), example, name)


def extreme(name: str) -> Callable[..., Value]:
    """`max` or `min`."""
    function: Any = getattr(builtins, name)
    order = ast.Gt() if name == "max" else ast.Lt()

    def find(evaluator: Evaluator, *args: Value, **kwargs: Value) -> Value:
        first = evaluator.lift(args[0])
        if len(args) == 1 and not kwargs and lists.is_list(first) and lists.element(first) == t.INT:
            return _of_list(evaluator, name, first)
        items = [evaluator.lift(part) for part in (evaluator.iterate(first) if len(args) == 1 else args)]
        if kwargs or not items:
            return _static_extreme(function, items, kwargs)
        if not has_dyn(items):
            return plain_objects.native(function, items)
        made = items[0]
        for part in items[1:]:
            made = _greater(evaluator, function, order, made, part)
        return made

    return find


def _static_extreme(function: Any, items: list[Value], kwargs: dict[str, Value]) -> Value:
    if has_dyn(items) or kwargs.keys() - {"default"}:
        raise RefusedError("call-not-lowered", f"`{function.__name__}` with keywords")
    return plain_objects.native(function, items, **kwargs)


def _greater(evaluator: Evaluator, function: Any, order: ast.cmpop, made: Value, part: Value) -> Value:
    """Of two values the one Python picks: the first where neither is greater."""
    if _kind(made) == _kind(part) and _kind(made) in _NUMBERS:
        call = syntax.call(
            function.__name__, [evaluator.residual.expression(made), evaluator.residual.expression(part)]
        )
        return evaluator.residual.bind(
            call, function(evaluator.example(made), evaluator.example(part)), function.__name__
        )
    verdict = truth(evaluator, compare(evaluator, order, part, made))
    if not isinstance(verdict, Dyn):
        return part if verdict else made
    return branching.choose(evaluator, verdict, lambda: part, lambda: made, evaluator.frames[-1])


def _kind(value: Value) -> t.Type | None:
    if isinstance(value, Dyn):
        return None if value.is_int_or_float else value.type
    return {int: t.INT, float: t.FLOAT}.get(type(value))


def any_of(evaluator: Evaluator, items: Value) -> Value:
    """`any(items)`."""
    return _verdict(evaluator, items, stop=True)


def all_of(evaluator: Evaluator, items: Value) -> Value:
    """`all(items)`."""
    return _verdict(evaluator, items, stop=False)


def _verdict(evaluator: Evaluator, items: Value, *, stop: bool) -> Value:
    items = evaluator.lift(items)
    if lists.is_list(items) and lists.element(items) == t.BOOL:
        return _of_list(evaluator, "any" if stop else "all", items)
    return either(evaluator, evaluator.iterate(items), stop=stop)


def ordered(evaluator: Evaluator, items: Value, *, reverse: bool = False) -> Value:
    """`sorted(items)`."""
    items = evaluator.lift(items)
    if lists.is_list(items) and not reverse and lists.element(items) == t.INT:
        return evaluator.residual.bind(
            syntax.call("sorted", [evaluator.residual.ref(items)]), sorted(items.example), "ordered"
        )
    values = evaluator.iterate(items)
    if all(type(value) in (int, float, str) for value in values):
        return evaluator.effects.own(plain_objects.native(sorted, values, reverse=reverse))
    if reverse or not all(_kind(value) == t.INT for value in values):
        raise RefusedError("call-not-lowered", "`sorted` of anything but plain numbers and texts")
    held = evaluator.residual.list_of(values)
    made = evaluator.residual.bind(
        syntax.call("sorted", [evaluator.residual.ref(held)]), sorted(held.example), "ordered"
    )
    return evaluator.effects.own(subscripts.unpack(evaluator, made, len(values)))
