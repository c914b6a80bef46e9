"""Lists, tuples, dicts and comprehensions in `__init__`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.abstract import AnyValue, Sugared
from scriptkit.language.types import (
    FLOAT,
    NONE,
    STR,
    TENSOR,
    UNKNOWN,
    Dict,
    List,
    Tuple,
    Type,
    optional,
)
from scriptkit.language.values import ContainerValue, DottedValue, FunctionValue, ModuleValue, PythonObject

if TYPE_CHECKING:
    from scriptkit.language.members.scope import Scope


def read_list(scope: Scope, node: ast.List | ast.Tuple) -> AnyValue:
    """`[a, b]`, `(a, b)`."""
    parts = [scope.value(part) for part in node.elts]
    bad = _python_parts(parts, "list")
    if bad is not None:
        return bad
    types = [part for part in parts if isinstance(part, Type)]
    if isinstance(node, ast.Tuple):
        return Tuple(types)
    if not types:
        return PythonObject("empty list")
    if any(t.has_unknown for t in types):
        return UNKNOWN
    some = [t for t in types if t is not NONE] or types
    if any(t != some[0] for t in some):
        return PythonObject("mixed list")
    return List(some[0] if len(some) == len(types) else optional(some[0]))


def read_dict(scope: Scope, node: ast.Dict) -> AnyValue:
    """`{k: v}`."""
    if not node.keys:
        return PythonObject("empty dict")
    keys = [UNKNOWN if key is None else scope.value(key) for key in node.keys]
    values = [scope.value(value) for value in node.values]
    bad = _python_parts(values, "dict")
    if bad is not None:
        return bad
    key, value = keys[0], values[0]
    if not isinstance(key, Type) or not isinstance(value, Type) or any(not isinstance(k, Type) for k in keys):
        return UNKNOWN
    if any(isinstance(t, Type) and (t.has_unknown or t is NONE) for t in (*keys, *values)):
        return UNKNOWN
    if all(k == key for k in keys) and all(v == value for v in values):
        return Dict(key, value)
    return PythonObject("mixed dict")


def _python_parts(parts: list[AnyValue], where: str) -> AnyValue | None:
    """What a list or dict with parts that are no values is: never readable in compiled code."""
    for part in parts:
        if isinstance(part, (ModuleValue, ContainerValue)):
            return PythonObject(f"{where} of modules")
        if isinstance(part, (FunctionValue, DottedValue)) or (isinstance(part, PythonObject) and part.what == "lambda"):
            return PythonObject(f"{where} of functions")
        if isinstance(part, PythonObject):
            return UNKNOWN if part.what.startswith("empty ") else PythonObject("object")
        if isinstance(part, Sugared):
            return UNKNOWN
    return None


def read_set(_scope: Scope, _node: ast.Set | ast.SetComp) -> AnyValue:
    """`{a, b}`: no type of compiled code."""
    return PythonObject("set")


def read_comprehension(scope: Scope, node: ast.ListComp | ast.DictComp) -> AnyValue:
    """`[f(x) for x in xs]`, `{k: v for ...}`."""
    value = node.elt if isinstance(node, ast.ListComp) else node.value
    element = scope.value(value)
    if isinstance(element, (ModuleValue, ContainerValue)):
        return PythonObject("list of modules" if isinstance(node, ast.ListComp) else "dict of modules")
    is_plain = isinstance(element, Type) and element in (TENSOR, STR, FLOAT)
    return List(element) if is_plain and isinstance(element, Type) and isinstance(node, ast.ListComp) else UNKNOWN
