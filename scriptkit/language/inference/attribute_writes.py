"""Assignment to attributes: of a module, of a script class."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Literal

from scriptkit.language.inference.instances import held_type
from scriptkit.language.inference.matching import converted
from scriptkit.language.inference.module_members import is_exhaustive, own_attribute
from scriptkit.language.inference.unseen_attributes import MODULE_ATTRIBUTES, is_open_ended, report_undefined
from scriptkit.language.problems.attributes import (
    AttributeAssignType,
    EmptyAttributeUntyped,
    FinalReassigned,
    ObjectAttribute,
)
from scriptkit.language.problems.classes import ScriptClassLimits
from scriptkit.language.types import NONE, TENSOR, UNKNOWN, Instance, Type, is_optional, is_subtype
from scriptkit.language.values import ContainerValue, ModuleValue, PythonObject

if TYPE_CHECKING:
    from scriptkit.language.abstract import AnyValue
    from scriptkit.language.facts import AttributeFacts, ClassFacts
    from scriptkit.language.inference.body import Body


def assign_attribute(body: Body, target: ast.Attribute, value: AnyValue, origin: ast.expr | None) -> None:
    """`self.x = value`."""
    receiver = body.value(target.value)
    if receiver is TENSOR:
        body.report(ObjectAttribute(name=target.attr, type=receiver, method=False), target)
        return
    if not isinstance(receiver, ModuleValue) or receiver.cls is None:
        _assign_to_instance(body, receiver, target, value)
        return
    cls, attribute = receiver.cls, receiver.cls.attributes.get(target.attr)
    setter = cls.methods.get(f"{target.attr}.setter")
    if setter is not None:
        return
    if attribute is not None and (attribute.final or attribute.constant):
        body.report(FinalReassigned(name=target.attr), target, attribute.node)
        return
    if attribute is None or not (attribute.init or attribute.declaration):
        if target.attr not in MODULE_ATTRIBUTES and not is_open_ended(cls):
            report_undefined(body, receiver, target.attr, target, write=True)
        return
    if attribute.conditional and not is_open_ended(cls) and not is_exhaustive(attribute):
        return
    _check_assignment(body, cls, attribute, target, value, origin)


def _assign_to_instance(body: Body, receiver: AnyValue, target: ast.Attribute, value: AnyValue) -> None:
    if not isinstance(receiver, Instance) or receiver.kind != "script-class":
        return
    attribute = receiver.cls.attributes.get(target.attr)
    if attribute is None or not (attribute.init or attribute.declaration):
        body.report(ScriptClassLimits(name=receiver.cls.name, what="attribute-outside-init"), target)
        return
    declared = held_type(body, receiver.cls, attribute)
    if isinstance(value, Type) and not is_subtype(converted(value, declared, conversions=False), declared):
        _report_wrong_value(body, attribute, target, declared, value)


def _check_assignment(
    body: Body,
    cls: ClassFacts,
    attribute: AttributeFacts,
    target: ast.Attribute,
    value: AnyValue,
    origin: ast.expr | None,
) -> None:
    with body.sink.muted():
        expected = own_attribute(body, ModuleValue(cls.name, cls), cls, attribute, target)
    assigned = body.session.members.assigned(cls, attribute)
    if isinstance(assigned, PythonObject) and assigned.what.startswith("empty ") and attribute.annotation is None:
        shown: Literal["[]", "{}"] = "[]" if assigned.what == "empty list" else "{}"
        body.report(EmptyAttributeUntyped(name=attribute.name, value=shown), target, attribute.node)
        return
    if isinstance(expected, (ModuleValue, ContainerValue)) and value is not UNKNOWN:
        _report_wrong_value(body, attribute, target, expected, value)
        return
    value = body.as_type(value, origin or target, f"a value of `{ast.unparse(target)}`")
    if not isinstance(expected, Type) or is_subtype(value, expected):
        return
    if expected is NONE and attribute.declaration is None:
        body.report(EmptyAttributeUntyped(name=attribute.name, value="None"), target, attribute.node)
        return
    if is_optional(value) and origin is not None and not is_optional(expected):
        body.not_refined(value, origin, f"a value of `{ast.unparse(target)}`")
        return
    _report_wrong_value(body, attribute, target, expected, value)


def _report_wrong_value(
    body: Body, attribute: AttributeFacts, node: ast.Attribute, declared: AnyValue, actual: AnyValue
) -> None:
    body.report(AttributeAssignType(name=attribute.name, declared=declared, actual=actual), node, attribute.node)
