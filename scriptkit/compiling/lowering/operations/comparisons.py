"""Truth, comparisons and membership."""

from __future__ import annotations

import ast
import enum
import operator
from types import FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from scriptkit.compiling.lowering.evaluator.optionals import unwrapped
from scriptkit.compiling.lowering.evaluator.plain_objects import contents_of, is_plain, kind_of, native
from scriptkit.compiling.lowering.paths import branching
from scriptkit.compiling.lowering.paths.truth import negated, truth
from scriptkit.compiling.lowering.program import syntax
from scriptkit.compiling.lowering.world.refusing import RefusedError
from scriptkit.compiling.lowering.world.stand_ins import has_dyn
from scriptkit.compiling.lowering.world.values import Dyn, Value
from scriptkit.language import types as t

if TYPE_CHECKING:
    from collections.abc import Callable

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator


ORDER: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def both(evaluator: Evaluator, one: Value, other: Value, *, is_first: bool) -> Value:
    """`one and other`, of comparisons in a chain."""
    if is_first:
        return other
    one, other = truth(evaluator, one), truth(evaluator, other)
    if not isinstance(one, Dyn):
        return other if one else False
    if not isinstance(other, Dyn):
        return one if other else False
    expression = ast.BoolOp(ast.And(), [evaluator.residual.ref(one), evaluator.residual.ref(other)])
    return evaluator.residual.bind(expression, one.example and other.example, "both")


def either(evaluator: Evaluator, values: list[Value], *, stop: bool) -> Value:
    """`any` (`stop` is True) or `all` of truths."""
    unknown: list[Dyn] = []
    for value in values:
        verdict = truth(evaluator, value)
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
    expression = ast.BoolOp(op, [evaluator.residual.ref(value) for value in unknown])
    return evaluator.residual.bind(expression, any(examples) if stop else all(examples), "any_of" if stop else "all_of")


def compare(evaluator: Evaluator, op: ast.cmpop, left: Value, right: Value) -> Value:
    """One comparison."""
    left, right = evaluator.lift(left), evaluator.lift(right)
    if isinstance(op, (ast.Is, ast.IsNot)):
        return _identity(evaluator, op, left, right)
    if isinstance(op, (ast.In, ast.NotIn)):
        found = contains(evaluator, right, left)
        return found if isinstance(op, ast.In) else negated(evaluator, found)
    if isinstance(op, (ast.Eq, ast.NotEq)) and (left is None) != (right is None):
        if any(isinstance(side, Dyn) and side.is_optional for side in (left, right)):
            raise RefusedError("optional-not-refined", "a value that may be None is compared with None by `==`")
        return isinstance(op, ast.NotEq)
    if not isinstance(left, Dyn) and not isinstance(right, Dyn):
        return _static_compare(evaluator, op, left, right)
    if isinstance(op, (ast.Eq, ast.NotEq)):
        for one, other in ((left, right), (right, left)):
            if isinstance(one, Dyn) and one.is_optional:
                return _equal_if_given(evaluator, op, one, other)
    return _dynamic_compare(evaluator, op, unwrapped(evaluator, left), unwrapped(evaluator, right))


def _equal_if_given(evaluator: Evaluator, op: ast.cmpop, value: Dyn, other: Value) -> Value:
    """`value == other` where `value` may be None and `other` is not known to be."""
    if value.example_if_given is None or (isinstance(other, Dyn) and other.is_optional):
        raise RefusedError("optional-not-refined", "two values that may be None are compared by `==`")

    def given() -> Value:
        call = syntax.call("torch.jit._unwrap_optional", [evaluator.residual.ref(value)])
        return compare(
            evaluator,
            op,
            evaluator.residual.bind(call, value.example_if_given, value.name, t.without_none(value.type)),
            other,
        )

    is_given = _is_none(evaluator, value, ast.IsNot())
    return branching.choose(evaluator, is_given, given, lambda: isinstance(op, ast.NotEq), evaluator.frames[-1])


def _dynamic_compare(evaluator: Evaluator, op: ast.cmpop, left: Value, right: Value) -> Value:
    kinds = {_family(left), _family(right)}
    if len(kinds) > 1 and "tensor" not in kinds:
        if isinstance(op, (ast.Eq, ast.NotEq)) and "other" not in kinds:
            return isinstance(op, ast.NotEq)
        raise RefusedError("comparison-not-lowered", f"a `{kind_of(left)}` is compared with a `{kind_of(right)}`")
    example = evaluator.try_out("comparison", ORDER[type(op)], [left, right], {})
    expression = ast.Compare(evaluator.residual.expression(left), [op], [evaluator.residual.expression(right)])
    return evaluator.residual.bind(expression, example, "compared")


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


def _identity(evaluator: Evaluator, op: ast.cmpop, left: Value, right: Value) -> Value:
    wanted = isinstance(op, ast.Is)
    for one, other in ((left, right), (right, left)):
        if not isinstance(one, Dyn):
            continue
        if other is None:
            return _is_none(evaluator, one, op) if one.is_optional else not wanted
        if isinstance(other, bool) and one.type == t.BOOL:
            return one if other == wanted else negated(evaluator, one)
        if isinstance(one.example, torch.dtype) and isinstance(_example_of(other), torch.dtype):
            return _dynamic_compare(evaluator, ast.Eq() if wanted else ast.NotEq(), one, other)
        if one is not other:
            raise RefusedError("identity-known-at-run-time", "`is` between values known only at run time")
        return wanted
    return (left is right) == wanted


def _example_of(value: Value) -> Any:
    return value.example if isinstance(value, Dyn) else value


def _is_none(evaluator: Evaluator, value: Dyn, op: ast.cmpop) -> Dyn:
    expression = ast.Compare(evaluator.residual.ref(value), [op], [ast.Constant(None)])
    example = (value.example is None) == isinstance(op, ast.Is)
    made = evaluator.residual.bind(expression, example, "is_none" if isinstance(op, ast.Is) else "is_given")
    made.given_if = {isinstance(op, ast.IsNot): [value]}
    return made


def contains(evaluator: Evaluator, container: Value, item: Value) -> Value:
    """`item in container`."""
    if isinstance(container, Dyn):
        if isinstance(container.type, t.List) and container.type.element in (t.INT, t.STR, t.FLOAT, t.BOOL):
            example = evaluator.try_out("in", operator.contains, [container, item], {})
            expression = ast.Compare(
                evaluator.residual.expression(item), [ast.In()], [evaluator.residual.ref(container)]
            )
            return evaluator.residual.bind(expression, example, "is_in")
        if container.is_tensor:
            equal = compare(evaluator, ast.Eq(), container, item)
            return truth(evaluator, evaluator.call(torch.any, [equal]))
        raise RefusedError("comparison-not-lowered", f"`in` a `{container.type}` known only at run time")
    if isinstance(container, (nn.ModuleDict, nn.ParameterDict)):
        return item in evaluator.items(container)
    function = getattr(type(container), "__contains__", None)
    if isinstance(function, FunctionType):
        return truth(evaluator, evaluator.call(function, [container, item]))
    contents_of(evaluator, container)
    if isinstance(container, dict) or not has_dyn((container, item)):
        return native(operator.contains, container, item)
    verdicts = [item is part or compare(evaluator, ast.Eq(), item, part) for part in evaluator.items(container)]
    return either(evaluator, verdicts, stop=True)


def _compares_by_identity(value: Value) -> bool:
    method: Any = type(value).__eq__
    return method is object.__eq__


def _static_compare(evaluator: Evaluator, op: ast.cmpop, left: Value, right: Value) -> Value:
    equality = isinstance(op, (ast.Eq, ast.NotEq))
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)) and has_dyn((left, right)) and equality:
        same_kind = isinstance(left, list) == isinstance(right, list) and len(left) == len(right)
        pairs = zip(left, right, strict=True) if same_kind else ()
        equal = (
            either(evaluator, [compare(evaluator, ast.Eq(), a, b) for a, b in pairs], stop=False)
            if same_kind
            else False
        )
        return equal if isinstance(op, ast.Eq) else negated(evaluator, equal)
    if is_plain(left) and is_plain(right):
        contents_of(evaluator, left)
        contents_of(evaluator, right)
        return native(ORDER[type(op)], left, right)
    if equality and any(isinstance(side, _BY_IDENTITY) or _compares_by_identity(side) for side in (left, right)):
        return (left is right) == isinstance(op, ast.Eq)
    function = getattr(type(left), {ast.Eq: "__eq__", ast.NotEq: "__ne__"}.get(type(op), ""), None)
    if isinstance(function, FunctionType):
        return evaluator.call(function, [left, right])
    raise RefusedError(
        "comparison-not-lowered", f"a `{type(left).__name__}` is compared with a `{type(right).__name__}`"
    )


_BY_IDENTITY = (type, nn.Module, FunctionType, MethodType, ModuleType)
