"""Attributes of classes, enums and script classes, and what their special methods give."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.inference.functions_called import result_of
from scriptkit.language.inference.lookups import parent_method
from scriptkit.language.inference.unseen_attributes import is_open_ended
from scriptkit.language.problems.attributes import ObjectAttribute
from scriptkit.language.problems.calls import SuperCall, WithStatement
from scriptkit.language.problems.classes import EnumLimits
from scriptkit.language.problems.names import GlobalCapture
from scriptkit.language.types import STR, UNKNOWN, Instance, Type
from scriptkit.language.values import ClassValue, FunctionValue

if TYPE_CHECKING:
    from scriptkit.language.abstract import AnyValue
    from scriptkit.language.facts import AttributeFacts, ClassFacts
    from scriptkit.language.inference.body import Body


def class_attribute(body: Body, receiver: ClassValue, name: str, node: ast.expr) -> AnyValue:
    """`Mode.MEAN`, `Net.helper`."""
    cls = receiver.cls
    if cls.kind == "enum":
        if name in cls.class_values:
            _enum_value(body, cls, node)
            return Instance(cls, "enum")
        if name in ("__members__", "_member_map_"):
            return body.report(EnumLimits(what="iterate", text=ast.unparse(node)), node)
        return body.report(ObjectAttribute(name=name, type=Instance(cls, "enum"), method=False), node)
    method = cls.methods.get(name)
    if method is not None and cls.is_module and method.kind == "method":
        called = parent_method(body, cls, name, node)
        return body.report(SuperCall(text=ast.unparse(node), method=name), node) if called is None else called
    if method is not None and method.kind == "static":
        return FunctionValue(method)
    constant = cls.class_values.get(name) if cls.kind in ("plain", "script-class", "module") else None
    if isinstance(constant, ast.Constant):
        what = type(constant.value).__name__
        return body.report(GlobalCapture(name=ast.unparse(node), what=what), node, constant)
    return UNKNOWN


def instance_attribute(body: Body, receiver: Instance, name: str, node: ast.expr) -> AnyValue:
    """`mode.value`, `stat.mean`."""
    cls = receiver.cls
    if receiver.kind == "enum":
        return _enum_attribute(body, cls, name, node)
    attribute, method = cls.attributes.get(name), cls.methods.get(name)
    if method is not None and method.kind == "property":
        return result_of(body, method, cls)
    if method is not None and method.kind != "static":
        return FunctionValue(method, receiver)
    if attribute is None or not (attribute.init or attribute.declaration):
        if is_open_ended(cls) or (attribute is not None and attribute.later):
            return UNKNOWN
        return body.report(ObjectAttribute(name=name, type=receiver, method=method is not None), node)
    return held_type(body, cls, attribute)


def held_type(body: Body, cls: ClassFacts, attribute: AttributeFacts) -> Type:
    """The type of an attribute of a script class: the one it is declared with, or is given first."""
    if attribute.annotation is not None:
        return body.annotations.type(attribute.annotation)
    made = body.session.members.assigned(cls, attribute)
    return made if isinstance(made, Type) else UNKNOWN


def _enum_attribute(body: Body, cls: ClassFacts, name: str, node: ast.expr) -> AnyValue:
    if name == "name":
        return STR
    if name == "value":
        return _enum_value(body, cls, node)
    return body.report(EnumLimits(what="method", text=ast.unparse(node)), node)


def _enum_value(body: Body, cls: ClassFacts, node: ast.expr) -> Type:
    """The type of all its values; an enum has but one."""
    values = {
        body.session.members.evaluate(v, None, None) for k, v in cls.class_values.items() if not k.startswith("_")
    }
    types = [value for value in values if isinstance(value, Type) and value is not UNKNOWN]
    if len(types) > 1:
        return body.report(EnumLimits(what="values", text=ast.unparse(node)), node)
    return types[0] if types and len(values) == 1 else UNKNOWN


def call_special_method(body: Body, receiver: Instance, name: str, node: ast.expr) -> AnyValue:
    """What a special method of an object gives."""
    found = instance_attribute(body, receiver, name, node)
    return result_of(body, found.facts, receiver.cls) if isinstance(found, FunctionValue) else UNKNOWN


def enter_context(body: Body, value: AnyValue, node: ast.expr) -> AnyValue:
    """What `with value as name` binds."""
    if isinstance(value, Instance) and "__enter__" in value.cls.methods:
        return call_special_method(body, value, "__enter__", node)
    if isinstance(value, Type) and not value.has_unknown:
        body.report(WithStatement(text=ast.unparse(node), name=""), node)
    return UNKNOWN


def special_method_type(body: Body, left: Instance, name: str, node: ast.expr) -> Type:
    """The type of an operator on an object, which its special method gives."""
    found = call_special_method(body, left, name, node)
    return found if isinstance(found, Type) else UNKNOWN
