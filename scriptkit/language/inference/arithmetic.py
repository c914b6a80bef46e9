"""Arithmetic: operators, their in-place forms, and why one does not apply."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language import operators
from scriptkit.language.inference.blaming import blame_parameter
from scriptkit.language.inference.conditions import read_condition
from scriptkit.language.inference.elements import report_element
from scriptkit.language.inference.instances import call_special_method, special_method_type
from scriptkit.language.inference.matching import Match, resolve
from scriptkit.language.problems.arguments import OperatorTypes
from scriptkit.language.problems.classes import EnumLimits
from scriptkit.language.types import BOOL, STR, TENSOR, UNKNOWN, Instance, List, Type, known

if TYPE_CHECKING:
    from scriptkit.language.abstract import AnyValue
    from scriptkit.language.inference.body import Body

BINARY: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("add", "+"),
    ast.Sub: ("sub", "-"),
    ast.Mult: ("mul", "*"),
    ast.Div: ("div", "/"),
    ast.FloorDiv: ("floordiv", "//"),
    ast.Mod: ("remainder", "%"),
    ast.Pow: ("pow", "**"),
    ast.MatMult: ("matmul", "@"),
    ast.BitAnd: ("__and__", "&"),
    ast.BitOr: ("__or__", "|"),
    ast.BitXor: ("__xor__", "^"),
    ast.LShift: ("__lshift__", "<<"),
    ast.RShift: ("__rshift__", ">>"),
}


IN_PLACE = {"add": "add_", "sub": "sub_", "mul": "mul_", "div": "div_", "fmod": "fmod_", "pow": "pow_"}


# what the compiler calls on an object for an operator
MAGIC: dict[type[ast.operator], str] = {
    ast.Add: "__add__",
    ast.Sub: "__sub__",
    ast.Mult: "__mul__",
    ast.Div: "__truediv__",
    ast.Mod: "__mod__",
    ast.Pow: "__pow__",
    ast.BitAnd: "__and__",
    ast.BitOr: "__or__",
    ast.BitXor: "__xor__",
    ast.LShift: "__lshift__",
    ast.RShift: "__rshift__",
}


def read_binary(body: Body, node: ast.BinOp, _hint: Type | None) -> AnyValue:
    """`left op right`."""
    left = body.type(node.left, use="an operand")
    right = body.type(node.right, use="an operand")
    return _apply(body, node, node.op, left, right, (node.left, node.right))


def _apply(
    body: Body, node: ast.AST, op: ast.operator, left: Type, right: Type, parts: tuple[ast.expr, ast.expr]
) -> Type:
    """The type of `left op right`."""
    name, sign = BINARY[type(op)]
    if name == "remainder" and left is STR:
        return STR
    if isinstance(left, Instance) and left.kind != "enum" and type(op) in MAGIC:
        return special_method_type(body, left, MAGIC[type(op)], parts[0])
    found = resolve(operators.overloads(name), [left, right], {})
    if isinstance(found, Match):
        return found.returns
    if left.has_unknown or right.has_unknown:
        return UNKNOWN
    return report_operator(body, node, sign, left, right, parts)


def report_operator(
    body: Body, node: ast.AST, sign: str, left: Type, right: Type, parts: tuple[ast.expr, ast.expr]
) -> Type:
    """No operator for these types: say why."""
    for found, part in zip((left, right), parts, strict=False):
        if not body.need(found, part, f"operator `{sign}`"):
            return UNKNOWN
    culprit = blame_parameter(body, parts, node)
    if culprit:
        return UNKNOWN
    for found in (left, right):
        if _enum_of(found) is not None:
            return body.report(EnumLimits(what="arithmetic", text=ast.unparse(node)), node)
    return body.report(OperatorTypes(operator=sign, left=left, right=right), node)


def apply_in_place(body: Body, node: ast.AugAssign) -> Type | None:
    """The new value of `target op= value`; None where nothing need be assigned."""
    target = body.value(node.target)
    right = body.type(node.value, use="an operand")
    if not isinstance(target, Type):
        body.as_type(target, node.target, "an operand")
        return None
    name, sign = BINARY[type(node.op)]
    name = "fmod" if name == "remainder" else name
    in_place = MAGIC.get(type(node.op), "").replace("__", "__i", 1)
    if isinstance(target, Instance) and in_place in target.cls.methods:
        return special_method_type(body, target, in_place, node.target)
    if target is TENSOR and name in IN_PLACE:
        found = resolve(operators.overloads(IN_PLACE[name]), [target, right], {})
        if isinstance(found, Match):
            return found.returns
        report_operator(body, node, f"{sign}=", target, right, (node.target, node.value))
        return None
    if isinstance(target, List) and name == "add" and known(target):
        return _extend(body, node, target, right)
    if name == "fmod":
        found = resolve(operators.overloads(name), [target, right], {})
        if isinstance(found, Match):
            return found.returns
        if not (target.has_unknown or right.has_unknown):
            report_operator(body, node, "%=", target, right, (node.target, node.value))
        return UNKNOWN
    return _apply(body, node, node.op, target, right, (node.target, node.value))


def _extend(body: Body, node: ast.AugAssign, target: List, right: Type) -> Type | None:
    """`xs += ys` for a list."""
    if isinstance(resolve(operators.overloads("add_"), [target, right], {}), Match) or right.has_unknown:
        return target
    if isinstance(right, List):
        report_element(body, node.target, node.value, target, right.element)
    else:
        report_operator(body, node, "+=", target, right, (node.target, node.value))
    return None


def read_unary(body: Body, node: ast.UnaryOp, _hint: Type | None) -> AnyValue:
    """`-x`, `~x`, `not x`."""
    if isinstance(node.op, ast.Not):
        read_condition(body, node.operand)
        return BOOL
    operand = body.type(node.operand, use="an operand")
    if isinstance(node.op, ast.UAdd) or operand.has_unknown:
        return UNKNOWN
    name, sign = ("neg", "-") if isinstance(node.op, ast.USub) else ("bitwise_not", "~")
    if isinstance(operand, Instance) and operand.kind != "enum":
        return call_special_method(body, operand, "__neg__" if name == "neg" else "__invert__", node.operand)
    found = resolve(operators.overloads(name), [operand], {})
    if isinstance(found, Match):
        return found.returns
    if not body.need(operand, node.operand, f"operator `{sign}`"):
        return UNKNOWN
    return body.report(OperatorTypes(operator=sign, left=operand, right=None), node)


def _enum_of(t: AnyValue) -> Instance | None:
    """The enum a value is a member of."""
    return t if isinstance(t, Instance) and t.kind == "enum" else None
