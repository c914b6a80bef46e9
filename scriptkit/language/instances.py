"""Classes, enums and script classes, and assignment to attributes."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.matching import converted
from scriptkit.language.types import (
    NONE,
    STR,
    TENSOR,
    UNKNOWN,
    Instance,
    Type,
    is_optional,
    is_subtype,
)
from scriptkit.language.values import (
    ClassValue,
    ContainerValue,
    FunctionValue,
    ModuleValue,
    PythonObject,
)

if TYPE_CHECKING:
    from scriptkit.language.facts import AttributeFacts, ClassFacts
    from scriptkit.language.values import AnyValue
from scriptkit.language.module_members import MODULE_ATTRIBUTES, ModuleMembers


class Instances(ModuleMembers):
    """The part of the pass that looks into classes and writes attributes."""

    def class_attribute(self, receiver: ClassValue, name: str, node: ast.expr) -> AnyValue:
        """`Mode.MEAN`, `Net.helper`."""
        cls = receiver.cls
        if cls.kind == "enum":
            if name in cls.class_values:
                self._enum_value(cls, node)
                return Instance(cls, "enum")
            if name in ("__members__", "_member_map_"):
                return self.report("enum-limits", node, what="iterate", text=ast.unparse(node))
            return self.report("object-attribute", node, name=name, type=Instance(cls, "enum"), method=False)
        method = cls.methods.get(name)
        if method is not None and cls.is_module and method.kind == "method":
            return self.report("super-call", node, text=ast.unparse(node), method=name)
        if method is not None and method.kind == "static":
            return FunctionValue(method)
        constant = cls.class_values.get(name) if cls.kind in ("plain", "script-class") else None
        if isinstance(constant, ast.Constant):
            what = type(constant.value).__name__
            return self.report("global-capture", node, constant, name=ast.unparse(node), what=what)
        return UNKNOWN

    def instance_attribute(self, receiver: Instance, name: str, node: ast.expr) -> AnyValue:
        """`mode.value`, `stat.mean`."""
        cls = receiver.cls
        if receiver.kind == "enum":
            return self._enum_attribute(cls, name, node)
        attribute, method = cls.attributes.get(name), cls.methods.get(name)
        if method is not None and method.kind == "property":
            return self.session.returns(method, cls, self)
        if method is not None and method.kind != "static":
            return FunctionValue(method, receiver)
        if attribute is None or not (attribute.init or attribute.declaration):
            if self._open(cls) or (attribute is not None and attribute.later):
                return UNKNOWN
            return self.report("object-attribute", node, name=name, type=receiver, method=method is not None)
        return self._held(cls, attribute)

    def _held(self, cls: ClassFacts, attribute: AttributeFacts) -> Type:
        """The type of an attribute of a script class: the one it is declared with, or is given first."""
        if attribute.annotation is not None:
            return self.annotations.type(attribute.annotation)
        made = self.session.members.assigned(cls, attribute)
        return made if isinstance(made, Type) else UNKNOWN

    def _enum_attribute(self, cls: ClassFacts, name: str, node: ast.expr) -> AnyValue:
        if name == "name":
            return STR
        if name == "value":
            return self._enum_value(cls, node)
        return self.report("enum-limits", node, what="method", text=ast.unparse(node))

    def _enum_value(self, cls: ClassFacts, node: ast.expr) -> Type:
        """The type of all its values; an enum has but one."""
        values = {
            self.session.members.evaluate(v, None, None) for k, v in cls.class_values.items() if not k.startswith("_")
        }
        types = [value for value in values if isinstance(value, Type) and value is not UNKNOWN]
        if len(types) > 1:
            return self.report("enum-limits", node, what="values", text=ast.unparse(node))
        return types[0] if types and len(values) == 1 else UNKNOWN

    def magic(self, receiver: Instance, name: str, node: ast.expr) -> AnyValue:
        """What a special method of an object gives."""
        found = self.instance_attribute(receiver, name, node)
        return self.session.returns(found.facts, receiver.cls, self) if isinstance(found, FunctionValue) else UNKNOWN

    def entered(self, value: AnyValue, node: ast.expr) -> AnyValue:
        """What `with value as name` binds."""
        if isinstance(value, Instance) and "__enter__" in value.cls.methods:
            return self.magic(value, "__enter__", node)
        if isinstance(value, Type) and not value.has_unknown:
            self.report("with-statement", node, text=ast.unparse(node), name="")
        return UNKNOWN

    def assign_attribute(self, target: ast.Attribute, value: AnyValue, origin: ast.expr | None) -> None:
        """`self.x = value`."""
        receiver = self.value(target.value)
        if receiver is TENSOR:
            self.report("object-attribute", target, name=target.attr, type=receiver, method=False)
            return
        if not isinstance(receiver, ModuleValue) or receiver.cls is None:
            self._assign_to_instance(receiver, target, value)
            return
        cls, attribute = receiver.cls, receiver.cls.attributes.get(target.attr)
        setter = cls.methods.get(f"{target.attr}.setter")
        if setter is not None:
            return
        if attribute is not None and (attribute.final or attribute.constant):
            self.report("final-reassigned", target, attribute.node, name=target.attr)
            return
        if attribute is None or not (attribute.init or attribute.declaration):
            if target.attr not in MODULE_ATTRIBUTES and not self._open(cls):
                self.undefined(receiver, target.attr, target, write=True)
            return
        if attribute.conditional and not self._open(cls) and not self._exhaustive(attribute):
            return
        self._check_assignment(cls, attribute, target, value, origin)

    def _assign_to_instance(self, receiver: AnyValue, target: ast.Attribute, value: AnyValue) -> None:
        if not isinstance(receiver, Instance) or receiver.kind != "script-class":
            return
        attribute = receiver.cls.attributes.get(target.attr)
        if attribute is None or not (attribute.init or attribute.declaration):
            self.report("script-class-limits", target, name=receiver.cls.name, what="attribute-outside-init")
            return
        declared = self._held(receiver.cls, attribute)
        if isinstance(value, Type) and not is_subtype(converted(value, declared, conversions=False), declared):
            self._wrong_value(attribute, target, declared, value)

    def _check_assignment(
        self,
        cls: ClassFacts,
        attribute: AttributeFacts,
        target: ast.Attribute,
        value: AnyValue,
        origin: ast.expr | None,
    ) -> None:
        with self.sink.muted():
            expected = self._own_attribute(ModuleValue(cls.name, cls), cls, attribute, target)
        assigned = self.session.members.assigned(cls, attribute)
        if isinstance(assigned, PythonObject) and assigned.what.startswith("empty ") and attribute.annotation is None:
            shown = "[]" if assigned.what == "empty list" else "{}"
            self.report("empty-attribute-untyped", target, attribute.node, name=attribute.name, value=shown)
            return
        if isinstance(expected, (ModuleValue, ContainerValue)) and value is not UNKNOWN:
            self._wrong_value(attribute, target, expected, value)
            return
        value = self.as_type(value, origin or target, f"a value of `{ast.unparse(target)}`")
        if not isinstance(expected, Type) or is_subtype(value, expected):
            return
        if expected is NONE and attribute.declaration is None:
            self.report("empty-attribute-untyped", target, attribute.node, name=attribute.name, value="None")
            return
        if is_optional(value) and origin is not None and not is_optional(expected):
            self.not_refined(value, origin, f"a value of `{ast.unparse(target)}`")
            return
        self._wrong_value(attribute, target, expected, value)

    def _wrong_value(
        self, attribute: AttributeFacts, node: ast.Attribute, declared: AnyValue, actual: AnyValue
    ) -> None:
        self.report(
            "attribute-assign-type", node, attribute.node, name=attribute.name, declared=declared, actual=actual
        )
