"""Expressions: names, attributes of values, ternaries, and the choice of what an expression is."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language import operators
from scriptkit.language.types import (
    ANY,
    BOOL,
    DEVICE,
    INT,
    NONE,
    STR,
    TENSOR,
    UNKNOWN,
    EmptyList,
    Instance,
    List,
    Tuple,
    Type,
    Union,
    known,
    unify,
    union,
)
from scriptkit.language.values import (
    BoundOperator,
    ClassValue,
    ContainerMethod,
    ContainerValue,
    DottedValue,
    ModuleValue,
)

if TYPE_CHECKING:
    from scriptkit.language.frames import Unusable
    from scriptkit.language.values import AnyValue
from scriptkit.language.arithmetic import CONSTANTS, Arithmetic
from scriptkit.language.literals import Literals
from scriptkit.language.module_members import INTROSPECTION, SILENT_MODULE

CONTAINER_METHODS = frozenset(
    "append extend insert add_module pop clear update __setitem__ items values keys get setdefault popitem "
    "forward".split()
)

MAGIC = {
    "add": "__add__",
    "sub": "__sub__",
    "mul": "__mul__",
    "div": "__truediv__",
    "matmul": "__matmul__",
    "pow": "__pow__",
}


DTYPE_ATTRIBUTES = frozenset(
    "is_floating_point is_complex is_signed itemsize max min eps tiny to_real to_complex".split()
)


class Expressions(Arithmetic, Literals):
    """The part of the pass that reads expressions."""

    def value(self, node: ast.expr, hint: Type | None = None) -> AnyValue:
        """What an expression is; its type is recorded."""
        read = getattr(self, f"_read_{type(node).__name__.lower()}", None)
        found: AnyValue = read(node, hint) if read is not None else UNKNOWN
        if isinstance(found, Type):
            self.sink.type(node, found)
        return found

    def _read_constant(self, node: ast.Constant, _hint: Type | None) -> AnyValue:
        return CONSTANTS.get(type(node.value), UNKNOWN)

    def _read_joinedstr(self, node: ast.JoinedStr, _hint: Type | None) -> AnyValue:
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                self.type(part.value, use="an f-string")
        return STR

    def _read_name(self, node: ast.Name, _hint: Type | None) -> AnyValue:
        bound = self.frame.find(node.id)
        why = self.frame.why_unusable(node.id)
        if why is not None:
            return self._unusable(node, why)
        return bound.value if bound is not None else self.global_value(node)

    def _unusable(self, node: ast.Name, why: Unusable) -> Type:
        frame = self.frame
        while frame.parent is not None and node.id not in frame.unusable:
            frame = frame.parent
        frame.unusable.pop(node.id, None)
        if why.reason == "types":
            made = sorted(
                (n for n in (why.true_node, why.false_node) if n is not None), key=lambda n: getattr(n, "lineno", 0)
            )
            self.report(
                "branch-types-differ",
                made[-1] if made else node,
                *made[:-1],
                node,
                name=node.id,
                true_type=why.true_type,
                false_type=why.false_type,
            )
        else:
            self.report("maybe-undefined", node, why.true_node, name=node.id, missing=why.where)
        from scriptkit.language.frames import Binding

        self.frame.bind(node.id, Binding(UNKNOWN, node))
        return UNKNOWN

    def _read_attribute(self, node: ast.Attribute, _hint: Type | None) -> AnyValue:
        return self.attribute(self.value(node.value), node.attr, node)

    def attribute(self, receiver: AnyValue, name: str, node: ast.expr) -> AnyValue:
        """`receiver.name`."""
        if isinstance(receiver, ModuleValue):
            return self.module_attribute(receiver, name, node)
        if isinstance(receiver, DottedValue):
            return self.dotted_attribute(receiver, name, node)
        if isinstance(receiver, ContainerValue):
            return self._container_attribute(receiver, name, node)
        if isinstance(receiver, ClassValue):
            return self.class_attribute(receiver, name, node)
        if isinstance(receiver, Type):
            return self.type_attribute(receiver, name, node)
        return UNKNOWN

    def _container_attribute(self, receiver: ContainerValue, name: str, node: ast.expr) -> AnyValue:
        """A method of a container, or one of its modules, which the others have by their names."""
        if name in CONTAINER_METHODS:
            return ContainerMethod(receiver, name)
        if name == "training":
            return BOOL
        if receiver.kind != "ModuleList" or name in INTROSPECTION | SILENT_MODULE:
            return UNKNOWN
        return self.report("module-container-method", node, text=ast.unparse(node), method=name)

    def type_attribute(self, receiver: Type, name: str, node: ast.expr) -> AnyValue:
        """An attribute or method of a value."""
        base = node.value if isinstance(node, ast.Attribute) else node
        if receiver is UNKNOWN or (isinstance(receiver, Union) and receiver.has_unknown):
            return UNKNOWN
        if not self.need(receiver, base, f"attribute `{name}`"):
            return UNKNOWN
        if receiver is TENSOR:
            return self._tensor_attribute(name, node)
        if isinstance(receiver, Tuple) and (receiver.name or name in receiver.fields):
            return self._field(receiver, name, node)
        if isinstance(receiver, Instance):
            return self.instance_attribute(receiver, name, node)
        if receiver is DEVICE and name in ("type", "index"):
            return STR if name == "type" else union((INT, NONE))
        if isinstance(receiver, (Union, Tuple)) or not known(receiver):
            return self._no_attribute(receiver, name, node) if known(receiver) else UNKNOWN
        plain = List(TENSOR) if isinstance(receiver, EmptyList) else receiver
        return (
            BoundOperator(name, plain, base)
            if self._takes_receiver(name, plain)
            else self._no_attribute(plain, name, node)
        )

    def _no_attribute(self, receiver: Type, name: str, node: ast.expr) -> Type:
        """A value of a known type has no such attribute; of an int it may be one of the dtype it stands for."""
        if receiver is INT and name in DTYPE_ATTRIBUTES:
            return self.report("dtype-attribute", node, name=name)
        return self.report("object-attribute", node, name=name, type=receiver, method=self._is_called(node))

    @staticmethod
    def _takes_receiver(name: str, receiver: Type) -> bool:
        from scriptkit.language.matching import accepts, bind, substitute

        for schema in operators.overloads(name):
            if not schema.arguments:
                continue
            bound: dict[str, Type] = {}
            formal = schema.arguments[0].type
            if bind(formal, receiver, bound) and accepts(substitute(formal, bound), receiver, conversions=False):
                return True
        return False

    def _is_called(self, node: ast.AST) -> bool:
        parent = self.module.parent(node)
        return isinstance(parent, ast.Call) and parent.func is node

    def _tensor_attribute(self, name: str, node: ast.expr) -> AnyValue:
        plain = operators.tensor_attribute(name)
        if plain is not None and not self._is_called(node):
            return plain
        base = node.value if isinstance(node, ast.Attribute) else node
        if operators.is_operator(name) or operators.is_tensor_cast(name):
            return BoundOperator(name, TENSOR, base)
        if plain is not None:
            return plain
        return self.report("unsupported-tensor-method", node, name=name, method=self._is_called(node))

    def _field(self, receiver: Tuple, name: str, node: ast.expr) -> AnyValue:
        if name in receiver.fields:
            return receiver.elements[receiver.fields.index(name)]
        return self.report("namedtuple-method", node, name=name, type=receiver)

    def _read_ifexp(self, node: ast.IfExp, hint: Type | None) -> AnyValue:
        test = self.condition(node.test)
        if test.static is True:
            self.sink.kill(node.orelse)
            with self.inner(test.proves_true):
                return self.value(node.body, hint)
        if test.static is False:
            self.sink.kill(node.body)
            with self.inner(test.proves_false):
                return self.value(node.orelse, hint)
        unknown = test.static == "unknown"
        with self.inner(test.proves_true), self.doubtful(doubt=unknown):
            true = self.value(node.body, hint)
        with self.inner(test.proves_false), self.doubtful(doubt=unknown):
            false = self.value(node.orelse, hint)
        if unknown:
            return true if isinstance(true, Type) and true == false else UNKNOWN
        return self._ternary(node, true, false, hint)

    def _ternary(self, node: ast.IfExp, true: AnyValue, false: AnyValue, hint: Type | None) -> AnyValue:
        left, right = self.as_type(true, node.body, "a ternary"), self.as_type(false, node.orelse, "a ternary")
        joined = unify(left, right, to_union=isinstance(hint, Union) or hint is ANY)
        if joined is not None:
            return joined
        return self.report("ternary-types-differ", node, true_type=left, false_type=right)

    def _read_call(self, node: ast.Call, hint: Type | None) -> AnyValue:
        return self.call(node, hint)

    def _read_subscript(self, node: ast.Subscript, hint: Type | None) -> AnyValue:
        return self.subscript(node, hint)

    def _read_starred(self, node: ast.Starred, _hint: Type | None) -> AnyValue:
        return self.value(node.value)

    def _read_namedexpr(self, node: ast.NamedExpr, hint: Type | None) -> AnyValue:
        found = self.value(node.value, hint)
        self.assign(node.target, UNKNOWN, None)
        return found
