"""Operators: arithmetic, comparisons, in-place forms, and why one does not apply."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language import operators
from scriptkit.language.body import Body, enum_of
from scriptkit.language.matching import Match, resolve
from scriptkit.language.types import (
    BOOL,
    COMPLEX,
    FLOAT,
    INT,
    NONE,
    STR,
    TENSOR,
    UNKNOWN,
    Instance,
    List,
    Type,
    known,
)
from scriptkit.language.values import ContainerValue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scriptkit.language.facts import Parameter
    from scriptkit.language.values import AnyValue

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
COMPARE: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("lt", "<"),
    ast.LtE: ("le", "<="),
    ast.Gt: ("gt", ">"),
    ast.GtE: ("ge", ">="),
    ast.Eq: ("eq", "=="),
    ast.NotEq: ("ne", "!="),
}
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
CONSTANTS: dict[type, Type] = {bool: BOOL, int: INT, float: FLOAT, complex: COMPLEX, str: STR, type(None): NONE}


class Arithmetic(Body):
    """The part of the pass that applies operators."""

    def _read_binop(self, node: ast.BinOp, _hint: Type | None) -> AnyValue:
        left = self.type(node.left, use="an operand")
        right = self.type(node.right, use="an operand")
        return self.binary(node, node.op, left, right, (node.left, node.right))

    def binary(
        self, node: ast.AST, op: ast.operator, left: Type, right: Type, parts: tuple[ast.expr, ast.expr]
    ) -> Type:
        """The type of `left op right`."""
        name, sign = BINARY[type(op)]
        if name == "remainder" and left is STR:
            return STR
        if isinstance(left, Instance) and left.kind != "enum" and type(op) in MAGIC:
            return self.magic_type(left, MAGIC[type(op)], parts[0])
        found = resolve(operators.overloads(name), [left, right], {})
        if isinstance(found, Match):
            return found.returns
        if left.has_unknown or right.has_unknown:
            return UNKNOWN
        return self.operator_problem(node, sign, left, right, parts)

    def magic_type(self, left: Instance, name: str, node: ast.expr) -> Type:
        """The type of an operator on an object, which its special method gives."""
        found = self.magic(left, name, node)
        return found if isinstance(found, Type) else UNKNOWN

    def operator_problem(
        self, node: ast.AST, sign: str, left: Type, right: Type, parts: tuple[ast.expr, ast.expr]
    ) -> Type:
        """No operator for these types: say why."""
        for found, part in zip((left, right), parts, strict=False):
            if not self.need(found, part, f"operator `{sign}`"):
                return UNKNOWN
        culprit = self.parameter_problem(parts, node)
        if culprit:
            return UNKNOWN
        for found in (left, right):
            if enum_of(found) is not None:
                return self.report("enum-limits", node, what="arithmetic", text=ast.unparse(node))
        return self.report("operator-types", node, operator=sign, left=left, right=right)

    def parameter_problem(self, parts: Sequence[ast.expr], use: ast.AST) -> bool:
        """Whether an operand is a parameter without annotation, taken for a Tensor; reports it."""
        for part in parts:
            parameter = self._unannotated(part)
            if parameter is not None:
                default = "" if parameter.default is None else ast.unparse(parameter.default)
                self.report(
                    "unannotated-param-not-tensor",
                    use,
                    parameter.node,
                    name=parameter.name,
                    default=default,
                    use=ast.unparse(use),
                    guess=_guess(parameter.default),
                )
                from scriptkit.language.frames import Binding

                self.frame.bind(parameter.name, Binding(UNKNOWN, parameter.node))
                return True
        return False

    def _unannotated(self, node: ast.expr) -> Parameter | None:
        if not isinstance(node, ast.Name):
            return None
        binding = self.frame.find(node.id)
        found = next((p for p in self.facts.parameters if p.name == node.id and p.annotation is None), None)
        is_it = binding is not None and found is not None and binding.node is found.node and binding.value is TENSOR
        return found if is_it and self.trusts_unannotated(node.id) else None

    def augmented(self, node: ast.AugAssign) -> Type | None:
        """The new value of `target op= value`; None where nothing need be assigned."""
        target = self.value(node.target)
        right = self.type(node.value, use="an operand")
        if not isinstance(target, Type):
            self.as_type(target, node.target, "an operand")
            return None
        name, sign = BINARY[type(node.op)]
        name = "fmod" if name == "remainder" else name
        in_place = MAGIC.get(type(node.op), "").replace("__", "__i", 1)
        if isinstance(target, Instance) and in_place in target.cls.methods:
            return self.magic_type(target, in_place, node.target)
        if target is TENSOR and name in IN_PLACE:
            found = resolve(operators.overloads(IN_PLACE[name]), [target, right], {})
            if isinstance(found, Match):
                return found.returns
            self.operator_problem(node, f"{sign}=", target, right, (node.target, node.value))
            return None
        if isinstance(target, List) and name == "add" and known(target):
            return self._extended(node, target, right)
        if name == "fmod":
            found = resolve(operators.overloads(name), [target, right], {})
            if isinstance(found, Match):
                return found.returns
            if not (target.has_unknown or right.has_unknown):
                self.operator_problem(node, "%=", target, right, (node.target, node.value))
            return UNKNOWN
        return self.binary(node, node.op, target, right, (node.target, node.value))

    def _extended(self, node: ast.AugAssign, target: List, right: Type) -> Type | None:
        """`xs += ys` for a list."""
        if isinstance(resolve(operators.overloads("add_"), [target, right], {}), Match) or right.has_unknown:
            return target
        if isinstance(right, List):
            self.element_problem(node.target, node.value, target, right.element)
        else:
            self.operator_problem(node, "+=", target, right, (node.target, node.value))
        return None

    def _read_unaryop(self, node: ast.UnaryOp, _hint: Type | None) -> AnyValue:
        if isinstance(node.op, ast.Not):
            self.condition(node.operand)
            return BOOL
        operand = self.type(node.operand, use="an operand")
        if isinstance(node.op, ast.UAdd) or operand.has_unknown:
            return UNKNOWN
        name, sign = ("neg", "-") if isinstance(node.op, ast.USub) else ("bitwise_not", "~")
        if isinstance(operand, Instance) and operand.kind != "enum":
            return self.magic(operand, "__neg__" if name == "neg" else "__invert__", node.operand)
        found = resolve(operators.overloads(name), [operand], {})
        if isinstance(found, Match):
            return found.returns
        if not self.need(operand, node.operand, f"operator `{sign}`"):
            return UNKNOWN
        return self.report("operator-types", node, operator=sign, left=operand, right=None)

    def _read_boolop(self, node: ast.BoolOp, _hint: Type | None) -> AnyValue:
        self.condition(node)
        return BOOL

    def _read_compare(self, node: ast.Compare, _hint: Type | None) -> AnyValue:
        if len(node.ops) == 1 and isinstance(node.ops[0], (ast.Is, ast.IsNot)):
            self.condition(node)
            return BOOL
        left_node = node.left
        result: Type = BOOL
        left = self.type(left_node, use="an operand")
        for op, right_node in zip(node.ops, node.comparators, strict=False):
            right = self._right_operand(op, right_node)
            result = self._compare(node, op, left, right, (left_node, right_node))
            left, left_node = right, right_node
        return result if len(node.ops) == 1 else BOOL if result is not UNKNOWN else UNKNOWN

    def _right_operand(self, op: ast.cmpop, node: ast.expr) -> Type:
        """The type of what is compared with; a container of modules may be asked for its keys."""
        value = self.value(node)
        if isinstance(op, (ast.In, ast.NotIn)) and isinstance(value, ContainerValue):
            return UNKNOWN
        return self.as_type(value, node, "an operand")

    def _compare(
        self, node: ast.Compare, op: ast.cmpop, left: Type, right: Type, parts: tuple[ast.expr, ast.expr]
    ) -> Type:
        if isinstance(op, (ast.Is, ast.IsNot)):
            return BOOL
        if isinstance(op, (ast.In, ast.NotIn)):
            return self._contains(node, left, right, parts)
        name, sign = COMPARE[type(op)]
        if NONE in (left, right) and sign in ("==", "!="):
            other = right if left is NONE else left
            if other.has_unknown:
                return UNKNOWN
            self.report("eq-none", node, type=other, operator=sign)
            return UNKNOWN
        if isinstance(left, Instance) and left.kind != "enum":
            return self.magic_type(left, f"__{name}__", parts[0])
        found = resolve(operators.overloads(name), [left, right], {})
        if isinstance(found, Match):
            return found.returns
        if left.has_unknown or right.has_unknown:
            return UNKNOWN
        return self.operator_problem(node, sign, left, right, parts)

    def _contains(self, node: ast.Compare, item: Type, holder: Type, parts: tuple[ast.expr, ast.expr]) -> Type:
        if item.has_unknown or holder.has_unknown:
            return BOOL
        if isinstance(holder, Instance) and holder.kind != "enum":
            return self.magic_type(holder, "__contains__", parts[1])
        found = resolve(operators.overloads("__contains__"), [holder, item], {})
        if isinstance(found, Match):
            return BOOL
        return self.operator_problem(node, "in", item, holder, parts)


def _guess(default: ast.expr | None) -> Type | None:
    if isinstance(default, ast.Constant) and default.value is not None:
        return CONSTANTS.get(type(default.value))
    return None
