"""Conditions: the truth of an expression that is only tested, and `and` and `or`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from scriptkit.compiling.lowering.paths import truth
from scriptkit.compiling.lowering.paths.branching import choose
from scriptkit.compiling.lowering.world.values import Dyn, Value

if TYPE_CHECKING:
    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator
    from scriptkit.compiling.lowering.world.frames import Frame


def choose_operand(evaluator: Evaluator, nodes: list[ast.expr], is_and: bool, frame: Frame) -> Value:  # noqa: FBT001 - a kind
    """`a and b`, `a or b`: the value of one of them."""
    value = evaluator.expression(nodes[0], frame)
    if len(nodes) == 1:
        return value
    verdict = truth.truth(evaluator, value)

    def rest() -> Value:
        return choose_operand(evaluator, nodes[1:], is_and, frame)

    if not isinstance(verdict, Dyn):
        return rest() if verdict == is_and else value
    if is_and:
        return choose(evaluator, verdict, rest, lambda: value, frame)
    return choose(evaluator, verdict, lambda: value, rest, frame)


def test(evaluator: Evaluator, node: ast.expr, frame: Frame) -> Value:
    """The truth of an expression that is only tested: operands of `and` and `or` need no common type."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return truth.negated(evaluator, test(evaluator, node.operand, frame))
    if isinstance(node, ast.BoolOp):
        return _test_operands(evaluator, node.values, isinstance(node.op, ast.And), frame)
    value = evaluator.expression(node, frame)
    evaluator.place.node = node
    return truth.truth(evaluator, value)


def _test_operands(evaluator: Evaluator, nodes: list[ast.expr], is_and: bool, frame: Frame) -> Value:  # noqa: FBT001 - a kind
    verdict = test(evaluator, nodes[0], frame)
    if len(nodes) == 1:
        return verdict
    seen: list[Any] = []

    def rest() -> Value:
        seen.append(_test_operands(evaluator, nodes[1:], is_and, frame))
        return seen[-1]

    if not isinstance(verdict, Dyn):
        return rest() if verdict == is_and else verdict
    made = choose(evaluator, verdict, rest if is_and else lambda: True, (lambda: False) if is_and else rest, frame)
    if isinstance(made, Dyn):
        implied = seen[0].given_if.get(is_and, []) if seen and isinstance(seen[0], Dyn) else []
        made.given_if = {is_and: [*verdict.given_if.get(is_and, []), *implied]}
    return made
