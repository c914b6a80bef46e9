"""Attributes that may come from where the text does not show, and those that cannot."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.problems.attributes import AttributeUndefined
from scriptkit.language.types import BOOL, UNKNOWN, Type
from scriptkit.language.values import ModuleValue

if TYPE_CHECKING:
    from scriptkit.language.abstract import AnyValue
    from scriptkit.language.facts import ClassFacts
    from scriptkit.language.inference.body import Body


def is_open_ended(seen: ClassFacts) -> bool:
    """Whether attributes may come from where we cannot see: a foreign base, `setattr`, `__dict__`, a decorator."""
    if seen.node.decorator_list or any(c.foreign_bases for c in seen.mro):
        return True
    for owner in seen.mro:
        for method in owner.own_methods.values():
            if "__getattr__" in owner.own_methods or _sets_dynamically(method.node):
                return True
    return False


def _sets_dynamically(node: ast.AST) -> bool:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and inner.id in ("setattr", "vars", "exec"):
            return True
        if isinstance(inner, ast.Attribute) and inner.attr in ("__dict__", "__setattr__"):
            return True
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute):
            register = inner.func.attr in ("register_buffer", "register_parameter", "add_module", "register_module")
            if register and inner.args and not isinstance(inner.args[0], ast.Constant):
                return True
    return False


def report_undefined(body: Body, receiver: ModuleValue, name: str, node: ast.expr, *, write: bool) -> Type:
    """No `__init__` sets this attribute; said once for each name."""
    if name in body.sink.undefined or _set_in_subclass(body, receiver.cls, name):
        return UNKNOWN
    body.sink.undefined.add(name)
    return body.report(AttributeUndefined(name=name, write=write, owner=receiver.name), node)


def _set_in_subclass(body: Body, cls: ClassFacts | None, name: str) -> bool:
    """Whether a subclass in the file sets the attribute: then `cls` is not meant to stand alone."""
    others = body.module.classes.values()
    return cls is not None and any(
        other is not cls and cls in other.mro and (name in other.attributes or name in other.methods)
        for other in others
    )


def has_attribute(receiver: AnyValue, name: str) -> bool | str:
    """What `hasattr` says at compile time."""
    if isinstance(receiver, ModuleValue) and receiver.cls is not None:
        attribute = receiver.cls.attributes.get(name)
        if name in receiver.cls.methods or name in MODULE_ATTRIBUTES:
            return True
        if attribute is None:
            return "unknown" if is_open_ended(receiver.cls) else False
        if not attribute.init and attribute.class_value is None and not is_open_ended(receiver.cls):
            return False
        return True if attribute.init and not attribute.conditional else "unknown"
    return "unknown"


MODULE_ATTRIBUTES: dict[str, Type] = {"training": BOOL}
