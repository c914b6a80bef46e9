"""Literals and operators in `__init__`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.abstract import AnyValue, Sugared
from scriptkit.language.types import (
    BOOL,
    CONSTANTS,
    FLOAT,
    INT,
    STR,
    TENSOR,
    UNKNOWN,
    Type,
)
from scriptkit.language.values import PythonObject

if TYPE_CHECKING:
    from scriptkit.language.members.scope import Scope


def read_constant(_scope: Scope, node: ast.Constant) -> AnyValue:
    """A literal."""
    return CONSTANTS.get(type(node.value), PythonObject("object"))


def read_text(_scope: Scope, _node: ast.JoinedStr) -> AnyValue:
    """An f-string."""
    return STR


def read_lambda(_scope: Scope, _node: ast.Lambda) -> AnyValue:
    """A function without a name."""
    return PythonObject("lambda")


def read_unary(scope: Scope, node: ast.UnaryOp) -> AnyValue:
    """`-x`, `not x`."""
    inner = scope.value(node.operand)
    return BOOL if isinstance(node.op, ast.Not) else inner if inner in (INT, FLOAT, TENSOR) else UNKNOWN


def read_comparison(_scope: Scope, node: ast.Compare) -> AnyValue:
    """A bool for certain where no object can say otherwise."""
    return BOOL if all(isinstance(op, (ast.Is, ast.IsNot, ast.In, ast.NotIn)) for op in node.ops) else UNKNOWN


def read_ternary(scope: Scope, node: ast.IfExp) -> AnyValue:
    """`a if c else b`, where both are of one type."""
    left, right = scope.value(node.body), scope.value(node.orelse)
    return left if isinstance(left, Type) and left == right else UNKNOWN


def read_arithmetic(scope: Scope, node: ast.BinOp) -> AnyValue:
    """`left op right`."""
    left, right = scope.value(node.left), scope.value(node.right)
    if TENSOR in (left, right) and not isinstance(left, Sugared) and not isinstance(right, Sugared):
        return TENSOR if UNKNOWN not in (left, right) else UNKNOWN
    if left is STR and isinstance(node.op, ast.Mod):
        return STR
    if left not in (INT, FLOAT) or right not in (INT, FLOAT):
        return left if left is STR and right is STR else UNKNOWN
    if isinstance(node.op, ast.Div) or FLOAT in (left, right):
        return FLOAT
    if isinstance(node.op, ast.Pow):
        return (
            INT if isinstance(node.right, ast.Constant) else FLOAT if isinstance(node.right, ast.UnaryOp) else UNKNOWN
        )
    return INT
