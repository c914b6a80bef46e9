"""`receiver.name`, whatever the receiver is."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language import operators
from scriptkit.language.inference.instances import class_attribute, instance_attribute
from scriptkit.language.inference.lookups import dotted_attribute
from scriptkit.language.inference.matching import accepts
from scriptkit.language.inference.module_members import INTROSPECTION, SILENT_MODULE, module_attribute
from scriptkit.language.inference.type_variables import bind, substitute
from scriptkit.language.problems.attributes import DtypeAttribute, ObjectAttribute, UnsupportedTensorMethod
from scriptkit.language.problems.classes import NamedtupleMethod
from scriptkit.language.problems.modules import ModuleContainerMethod
from scriptkit.language.types import (
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
    from scriptkit.language.abstract import AnyValue
    from scriptkit.language.inference.body import Body

CONTAINER_METHODS = frozenset(
    "append extend insert add_module pop clear update __setitem__ items values keys get setdefault popitem "
    "forward".split()
)


DTYPE_ATTRIBUTES = frozenset(
    "is_floating_point is_complex is_signed itemsize max min eps tiny to_real to_complex".split()
)


def attribute_of(body: Body, receiver: AnyValue, name: str, node: ast.expr) -> AnyValue:
    """`receiver.name`."""
    if isinstance(receiver, ModuleValue):
        return module_attribute(body, receiver, name, node)
    if isinstance(receiver, DottedValue):
        return dotted_attribute(body, receiver, name, node)
    if isinstance(receiver, ContainerValue):
        return _container_attribute(body, receiver, name, node)
    if isinstance(receiver, ClassValue):
        return class_attribute(body, receiver, name, node)
    if isinstance(receiver, Type):
        return _type_attribute(body, receiver, name, node)
    return UNKNOWN


def _container_attribute(body: Body, receiver: ContainerValue, name: str, node: ast.expr) -> AnyValue:
    """A method of a container, or one of its modules, which the others have by their names."""
    if name in CONTAINER_METHODS:
        return ContainerMethod(receiver, name)
    if name == "training":
        return BOOL
    if receiver.kind != "ModuleList" or name in INTROSPECTION | SILENT_MODULE:
        return UNKNOWN
    return body.report(ModuleContainerMethod(text=ast.unparse(node), method=name), node)


def _type_attribute(body: Body, receiver: Type, name: str, node: ast.expr) -> AnyValue:
    """An attribute or method of a value."""
    base = node.value if isinstance(node, ast.Attribute) else node
    if receiver is UNKNOWN or (isinstance(receiver, Union) and receiver.has_unknown):
        return UNKNOWN
    if not body.need(receiver, base, f"attribute `{name}`"):
        return UNKNOWN
    if receiver is TENSOR:
        return _tensor_attribute(body, name, node)
    if isinstance(receiver, Tuple) and (receiver.name or name in receiver.fields):
        return _field(body, receiver, name, node)
    if isinstance(receiver, Instance):
        return instance_attribute(body, receiver, name, node)
    if receiver is DEVICE and name in ("type", "index"):
        return STR if name == "type" else union((INT, NONE))
    if isinstance(receiver, (Union, Tuple)) or not known(receiver):
        return _no_attribute(body, receiver, name, node) if known(receiver) else UNKNOWN
    plain = List(TENSOR) if isinstance(receiver, EmptyList) else receiver
    return BoundOperator(name, plain, base) if _takes_receiver(name, plain) else _no_attribute(body, plain, name, node)


def _no_attribute(body: Body, receiver: Type, name: str, node: ast.expr) -> Type:
    """A value of a known type has no such attribute; of an int it may be one of the dtype it stands for."""
    if receiver is INT and name in DTYPE_ATTRIBUTES:
        return body.report(DtypeAttribute(name=name), node)
    return body.report(ObjectAttribute(name=name, type=receiver, method=_is_called(body, node)), node)


def _takes_receiver(name: str, receiver: Type) -> bool:
    for schema in operators.overloads(name):
        if not schema.arguments:
            continue
        bound: dict[str, Type] = {}
        formal = schema.arguments[0].type
        if bind(formal, receiver, bound) and accepts(substitute(formal, bound), receiver, conversions=False):
            return True
    return False


def _is_called(body: Body, node: ast.AST) -> bool:
    parent = body.module.parent(node)
    return isinstance(parent, ast.Call) and parent.func is node


def _tensor_attribute(body: Body, name: str, node: ast.expr) -> AnyValue:
    plain = operators.tensor_attribute(name)
    if plain is not None and not _is_called(body, node):
        return plain
    base = node.value if isinstance(node, ast.Attribute) else node
    if operators.is_operator(name) or operators.is_tensor_cast(name):
        return BoundOperator(name, TENSOR, base)
    if plain is not None:
        return plain
    return body.report(UnsupportedTensorMethod(name=name, method=_is_called(body, node)), node)


def _field(body: Body, receiver: Tuple, name: str, node: ast.expr) -> AnyValue:
    if name in receiver.fields:
        return receiver.elements[receiver.fields.index(name)]
    return body.report(NamedtupleMethod(name=name, type=receiver), node)
