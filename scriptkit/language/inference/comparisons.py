"""Comparisons, and the `and`, `or` that join them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language import operators
from scriptkit.language.inference.arithmetic import report_operator
from scriptkit.language.inference.conditions import read_condition
from scriptkit.language.inference.instances import special_method_type
from scriptkit.language.inference.matching import Match, resolve
from scriptkit.language.problems.optionals import EqNone
from scriptkit.language.types import BOOL, NONE, UNKNOWN, Instance, Type
from scriptkit.language.values import ContainerValue

if TYPE_CHECKING:
    from scriptkit.language.abstract import AnyValue
    from scriptkit.language.inference.body import Body

COMPARE: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("lt", "<"),
    ast.LtE: ("le", "<="),
    ast.Gt: ("gt", ">"),
    ast.GtE: ("ge", ">="),
    ast.Eq: ("eq", "=="),
    ast.NotEq: ("ne", "!="),
}


def read_and_or(body: Body, node: ast.BoolOp, _hint: Type | None) -> AnyValue:
    """`a and b`, `a or b`."""
    read_condition(body, node)
    return BOOL


def read_comparison(body: Body, node: ast.Compare, _hint: Type | None) -> AnyValue:
    """`a < b`, `a is None`, `a < b < c`."""
    if len(node.ops) == 1 and isinstance(node.ops[0], (ast.Is, ast.IsNot)):
        read_condition(body, node)
        return BOOL
    left_node = node.left
    result: Type = BOOL
    left = body.type(left_node, use="an operand")
    for op, right_node in zip(node.ops, node.comparators, strict=False):
        right = _right_operand(body, op, right_node)
        result = _compare(body, node, op, left, right, (left_node, right_node))
        left, left_node = right, right_node
    return result if len(node.ops) == 1 else BOOL if result is not UNKNOWN else UNKNOWN


def _right_operand(body: Body, op: ast.cmpop, node: ast.expr) -> Type:
    """The type of what is compared with; a container of modules may be asked for its keys."""
    value = body.value(node)
    if isinstance(op, (ast.In, ast.NotIn)) and isinstance(value, ContainerValue):
        return UNKNOWN
    return body.as_type(value, node, "an operand")


def _compare(
    body: Body, node: ast.Compare, op: ast.cmpop, left: Type, right: Type, parts: tuple[ast.expr, ast.expr]
) -> Type:
    if isinstance(op, (ast.Is, ast.IsNot)):
        return BOOL
    if isinstance(op, (ast.In, ast.NotIn)):
        return _contains(body, node, left, right, parts)
    name, sign = COMPARE[type(op)]
    if NONE in (left, right) and sign in ("==", "!="):
        other = right if left is NONE else left
        if other.has_unknown:
            return UNKNOWN
        body.report(EqNone(type=other, operator=sign), node)
        return UNKNOWN
    if isinstance(left, Instance) and left.kind != "enum":
        return special_method_type(body, left, f"__{name}__", parts[0])
    found = resolve(operators.overloads(name), [left, right], {})
    if isinstance(found, Match):
        return found.returns
    if left.has_unknown or right.has_unknown:
        return UNKNOWN
    return report_operator(body, node, sign, left, right, parts)


def _contains(body: Body, node: ast.Compare, item: Type, holder: Type, parts: tuple[ast.expr, ast.expr]) -> Type:
    if item.has_unknown or holder.has_unknown:
        return BOOL
    if isinstance(holder, Instance) and holder.kind != "enum":
        return special_method_type(body, holder, "__contains__", parts[1])
    found = resolve(operators.overloads("__contains__"), [holder, item], {})
    if isinstance(found, Match):
        return BOOL
    return report_operator(body, node, "in", item, holder, parts)
