"""Names and attributes in `__init__`: what was assigned to them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language import operators
from scriptkit.language.types import (
    BOOL,
    INT,
    STR,
    TENSOR,
    UNKNOWN,
)
from scriptkit.language.values import ClassValue, DottedValue, FunctionValue

if TYPE_CHECKING:
    from scriptkit.language.abstract import AnyValue
    from scriptkit.language.facts import FunctionFacts
    from scriptkit.language.members.scope import Scope


def read_name(scope: Scope, node: ast.Name) -> AnyValue:
    """A local or parameter of the method, or else what the name means outside it."""
    found = None if scope.method is None else _local(scope, node.id, scope.method)
    return _outside(scope, node) if found is None else found


def read_attribute(scope: Scope, node: ast.Attribute) -> AnyValue:
    """`self.name`, or something imported."""
    if scope.cls is None or not _is_self(scope, node.value):
        return _outside(scope, node)
    attribute = scope.cls.attributes.get(node.attr)
    found = scope.assigned(attribute) if attribute is not None and attribute.init else None
    return UNKNOWN if found is None else found


def _is_self(scope: Scope, node: ast.expr) -> bool:
    return scope.method is not None and isinstance(node, ast.Name) and node.id == scope.method.self_name


def _outside(scope: Scope, node: ast.expr) -> AnyValue:
    dotted = scope.module.dotted(node)
    if dotted is None:
        return UNKNOWN
    if dotted in scope.module.functions:
        return FunctionValue(scope.module.functions[dotted])
    if dotted in scope.module.classes:
        return ClassValue(scope.module.classes[dotted])
    constant = operators.constant_type(dotted) if dotted.startswith(("torch.", "math.")) else None
    if constant is not None:
        return constant
    if operators.operator_of(dotted) or operators.python_function(dotted):
        return DottedValue(dotted)
    return UNKNOWN


def _local(scope: Scope, name: str, method: FunctionFacts) -> AnyValue | None:
    """A parameter, by its annotation, or a local assigned once at the top of the method."""
    key = (method.node, name)
    if key in scope.busy:
        return UNKNOWN
    stores = [
        n for n in method.descendants if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store)
    ]
    parameter = next((p for p in method.parameters if p.name == name), None)
    if parameter is not None:
        return UNKNOWN if stores or parameter.kind in ("varargs", "kwargs") else _parameter(scope, parameter.annotation)
    if not stores:
        return None
    statement = scope.module.parent(stores[0])
    if len(stores) > 1 or not isinstance(statement, ast.Assign) or scope.module.parent(statement) is not method.node:
        return UNKNOWN
    scope.busy.add(key)
    try:
        return scope.value(statement.value) if statement.targets == [stores[0]] else UNKNOWN
    finally:
        scope.busy.discard(key)


def _parameter(scope: Scope, annotation: ast.expr | None) -> AnyValue:
    """What callers pass: text cannot tell an int given for a float, nor None for an Optional."""
    if annotation is None:
        return UNKNOWN
    declared, bad = scope.annotations.read(annotation)
    return declared if not bad and declared in (INT, STR, BOOL, TENSOR) else UNKNOWN
