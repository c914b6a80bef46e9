"""Expressions, one function per kind of syntax."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from scriptkit.compiling.lowering.calling import calls
from scriptkit.compiling.lowering.code import comprehensions
from scriptkit.compiling.lowering.code.closures import closure
from scriptkit.compiling.lowering.evaluator import generators, texts
from scriptkit.compiling.lowering.objects import attributes, modules, subscripts
from scriptkit.compiling.lowering.operations import comparisons, lists, operators
from scriptkit.compiling.lowering.paths import branching, conditions, truth
from scriptkit.compiling.lowering.world.refusing import RaisedError, RefusedError
from scriptkit.compiling.lowering.world.values import Dyn, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator
    from scriptkit.compiling.lowering.world.frames import Frame


def _constant(_: Evaluator, node: ast.Constant, __: Frame) -> Value:
    return node.value


def _name(evaluator: Evaluator, node: ast.Name, frame: Frame) -> Value:
    return frame.look_up(node.id, evaluator.facts)


def _attribute(evaluator: Evaluator, node: ast.Attribute, frame: Frame) -> Value:
    owner = evaluator.expression(node.value, frame)
    evaluator.place.node = node
    return attributes.read(evaluator, owner, node.attr)


def elements(evaluator: Evaluator, nodes: Sequence[ast.expr], frame: Frame) -> list[Value]:
    """Items of a display or arguments of a call, stars expanded."""
    found: list[Value] = []
    for node in nodes:
        if isinstance(node, ast.Starred):
            found.extend(evaluator.iterate(evaluator.expression(node.value, frame)))
        else:
            found.append(evaluator.expression(node, frame))
    return found


def _tuple(evaluator: Evaluator, node: ast.Tuple, frame: Frame) -> Value:
    return tuple(elements(evaluator, node.elts, frame))


def _list(evaluator: Evaluator, node: ast.List, frame: Frame) -> Value:
    parts: list[Value] = []
    for item in node.elts:
        starred = evaluator.lift(evaluator.expression(item.value, frame)) if isinstance(item, ast.Starred) else None
        if lists.is_list(starred):
            parts.append(starred)
        else:
            parts.append(evaluator.iterate(starred) if starred is not None else [evaluator.expression(item, frame)])
    if any(map(lists.is_list, parts)):
        return lists.display(evaluator, parts)
    return evaluator.effects.own([item for part in parts for item in part])


def _set(evaluator: Evaluator, node: ast.Set, frame: Frame) -> Value:
    return evaluator.effects.own(set(elements(evaluator, node.elts, frame)))


def _dict(evaluator: Evaluator, node: ast.Dict, frame: Frame) -> Value:
    made: dict[Any, Value] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            made.update(calls.mapping_items(evaluator, evaluator.expression(value, frame)))
        else:
            name = evaluator.expression(key, frame)
            made[name] = evaluator.expression(value, frame)
    return evaluator.effects.own(made)


def _binary(evaluator: Evaluator, node: ast.BinOp, frame: Frame) -> Value:
    left = evaluator.expression(node.left, frame)
    right = evaluator.expression(node.right, frame)
    evaluator.place.node = node
    return operators.binary(evaluator, type(node.op), left, right)


def _unary(evaluator: Evaluator, node: ast.UnaryOp, frame: Frame) -> Value:
    if isinstance(node.op, ast.Not):
        return truth.negated(evaluator, conditions.test(evaluator, node.operand, frame))
    value = evaluator.expression(node.operand, frame)
    evaluator.place.node = node
    return operators.unary(evaluator, type(node.op), value)


def _bool_op(evaluator: Evaluator, node: ast.BoolOp, frame: Frame) -> Value:
    return conditions.choose_operand(evaluator, node.values, isinstance(node.op, ast.And), frame)


def _if_exp(evaluator: Evaluator, node: ast.IfExp, frame: Frame) -> Value:
    condition = conditions.test(evaluator, node.test, frame)
    if not isinstance(condition, Dyn):
        return evaluator.expression(node.body if condition else node.orelse, frame)
    return branching.choose(
        evaluator,
        condition,
        lambda: evaluator.expression(node.body, frame),
        lambda: evaluator.expression(node.orelse, frame),
        frame,
    )


def _compare(evaluator: Evaluator, node: ast.Compare, frame: Frame) -> Value:
    left = evaluator.expression(node.left, frame)
    outcome: Value = True
    for number, (op, comparator) in enumerate(zip(node.ops, node.comparators, strict=True)):
        right = evaluator.expression(comparator, frame)
        evaluator.place.node = node
        outcome = comparisons.both(
            evaluator, outcome, comparisons.compare(evaluator, op, left, right), is_first=number == 0
        )
        left = right
    return outcome


def _subscript(evaluator: Evaluator, node: ast.Subscript, frame: Frame) -> Value:
    owner = evaluator.expression(node.value, frame)
    index = evaluator.expression(node.slice, frame)
    evaluator.place.node = node
    return subscripts.item(evaluator, owner, index)


def _slice(evaluator: Evaluator, node: ast.Slice, frame: Frame) -> Value:
    return slice(
        *(None if part is None else evaluator.expression(part, frame) for part in (node.lower, node.upper, node.step))
    )


def _walrus(evaluator: Evaluator, node: ast.NamedExpr, frame: Frame) -> Value:
    value = evaluator.expression(node.value, frame)
    evaluator.bind_name(frame.scope, node.target.id, value)
    return value


def _lambda(evaluator: Evaluator, node: ast.Lambda, frame: Frame) -> Value:
    return closure(evaluator, node, frame)


def _call(evaluator: Evaluator, node: ast.Call, frame: Frame) -> Value:
    if isinstance(node.func, ast.Name) and node.func.id == "super" and "super" not in frame.variables:
        return _super(evaluator, node, frame)
    function = evaluator.expression(node.func, frame)
    args = elements(evaluator, node.args, frame)
    kwargs: dict[str, Value] = {}
    for keyword in node.keywords:
        value = evaluator.expression(keyword.value, frame)
        given = {keyword.arg: value} if keyword.arg is not None else calls.mapping_items(evaluator, value)
        if kwargs.keys() & given.keys():
            raise RaisedError(TypeError("got multiple values for a keyword argument"))
        kwargs.update(given)
    evaluator.place.node = node
    return evaluator.call(function, args, kwargs)


def _super(evaluator: Evaluator, node: ast.Call, frame: Frame) -> Value:
    if node.args:
        cls, instance = (evaluator.expression(arg, frame) for arg in node.args)
    else:
        function = frame
        while "__class__" not in function.cells and function.outer is not None:
            function = function.outer
        if "__class__" not in function.cells:
            raise RefusedError("super-out-of-place", "`super()` outside a method")
        cls, instance = evaluator.facts.cell(function.cells["__class__"], "__class__"), function.first_argument
    return modules.Parent(cls, instance)


def evaluate(evaluator: Evaluator, node: ast.expr, frame: Frame) -> Value:
    """The value of an expression."""
    handler = _EXPRESSIONS.get(type(node))
    evaluator.place.node = node
    if handler is None:
        raise RefusedError("syntax-not-lowered", f"`{type(node).__name__}` expressions are not lowered")
    return handler(evaluator, node, frame)


_EXPRESSIONS: dict[type[ast.expr], Callable[[Evaluator, Any, Frame], Value]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Tuple: _tuple,
    ast.List: _list,
    ast.Set: _set,
    ast.Dict: _dict,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.BoolOp: _bool_op,
    ast.IfExp: _if_exp,
    ast.Compare: _compare,
    ast.JoinedStr: texts.formatted,
    ast.Subscript: _subscript,
    ast.Slice: _slice,
    ast.NamedExpr: _walrus,
    ast.Lambda: _lambda,
    ast.ListComp: comprehensions.evaluate,
    ast.GeneratorExp: comprehensions.evaluate,
    ast.SetComp: comprehensions.evaluate,
    ast.DictComp: comprehensions.evaluate,
    ast.Call: _call,
    ast.Yield: generators.take,
    ast.YieldFrom: generators.take,
}
