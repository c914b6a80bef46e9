"""Classes, enums and script classes, and assignment to attributes."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

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
    FunctionValue,
    ModuleValue,
    PythonObject,
    Sugared,
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
                return Instance(cls, "enum")
            if name in ("__members__", "_member_map_"):
                return self.report("enum-limits", node, what="iterate", text=ast.unparse(node))
            return UNKNOWN
        method = cls.methods.get(name)
        if method is not None and cls.is_module and method.kind == "method":
            return self.report("super-call", node, text=ast.unparse(node), method=name)
        if method is not None and method.kind == "static":
            return FunctionValue(method)
        return UNKNOWN

    def instance_attribute(self, receiver: Instance, name: str, node: ast.expr) -> AnyValue:
        """`mode.value`, `stat.mean`."""
        cls = receiver.cls
        if receiver.kind == "enum":
            return self._enum_attribute(cls, name, node)
        attribute, method = cls.attributes.get(name), cls.methods.get(name)
        if method is not None:
            return (
                self.session.returns(method, cls, self)
                if method.kind == "property"
                else FunctionValue(method, receiver)
            )
        if attribute is None:
            if receiver.kind != "script-class" or self._open(cls):
                return UNKNOWN
            return self.report("object-attribute", node, name=name, type=receiver, method=False)
        if attribute.annotation is not None:
            return self.annotations.type(attribute.annotation)
        return UNKNOWN

    def _enum_attribute(self, cls: ClassFacts, name: str, node: ast.expr) -> AnyValue:
        if name == "name":
            return STR
        if name == "value":
            values = {
                self.session.members.evaluate(v, None, None)
                for k, v in cls.class_values.items()
                if not k.startswith("_")
            }
            only = next(iter(values)) if len(values) == 1 else UNKNOWN
            return only if isinstance(only, Type) else UNKNOWN
        return self.report("enum-limits", node, what="method", text=ast.unparse(node))

    def entered(self, value: AnyValue) -> AnyValue:
        """What `with value as name` binds."""
        if isinstance(value, Instance):
            method = value.cls.methods.get("__enter__")
            return self.session.returns(method, value.cls, self) if method is not None else UNKNOWN
        return UNKNOWN

    def assign_attribute(self, target: ast.Attribute, value: AnyValue, origin: ast.expr | None) -> None:
        """`self.x = value`."""
        receiver = self.value(target.value)
        if receiver is TENSOR:
            self.report("object-attribute", target, name=target.attr, type=receiver, method=False)
            return
        if not isinstance(receiver, ModuleValue) or receiver.cls is None:
            self._assign_to_instance(receiver, target)
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

    def _assign_to_instance(self, receiver: AnyValue, target: ast.Attribute) -> None:
        if not isinstance(receiver, Instance) or receiver.kind != "script-class":
            return
        attribute = receiver.cls.attributes.get(target.attr)
        if attribute is None or not (attribute.init or attribute.declaration):
            self.report("script-class-limits", target, name=receiver.cls.name, what="attribute-outside-init")

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
        if isinstance(value, Sugared):
            value = self.as_type(value, origin or target, f"a value of `{ast.unparse(target)}`")
        if not isinstance(expected, Type) or is_subtype(value, expected):
            return
        if expected is NONE and attribute.declaration is None:
            self.report("empty-attribute-untyped", target, attribute.node, name=attribute.name, value="None")
            return
        if is_optional(value) and origin is not None and not is_optional(expected):
            self.not_refined(value, origin, f"a value of `{ast.unparse(target)}`")
            return
        self.report(
            "attribute-assign-type", target, attribute.node, name=attribute.name, declared=expected, actual=value
        )
