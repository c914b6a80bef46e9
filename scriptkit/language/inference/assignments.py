"""Binding targets: types are fixed against enclosing blocks, tuples are taken apart."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.inference.attribute_writes import assign_attribute
from scriptkit.language.inference.elements import untyped_origin
from scriptkit.language.inference.frames import Binding
from scriptkit.language.inference.item_writes import assign_item
from scriptkit.language.inference.matching import converted
from scriptkit.language.problems.containers import (
    EmptyContainerUntyped,
    NotIterable,
    StarredUnpackOfList,
    TensorUnpack,
    UnpackCount,
)
from scriptkit.language.problems.variables import (
    AnnotationMismatch,
    IntPow,
    Invariance,
    ReassignChangesType,
    ReassignNotFirstClass,
    ReturnTypeMismatch,
    TupleListMix,
)
from scriptkit.language.types import (
    NONE,
    TENSOR,
    UNKNOWN,
    Dict,
    EmptyList,
    List,
    Tuple,
    Type,
    is_covariant,
    is_optional,
    is_subtype,
    without_none,
)
from scriptkit.language.values import Iteration, ModuleValue, TupleValue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scriptkit.language.abstract import AnyValue
    from scriptkit.language.inference.body import Body


def report_mismatch(body: Body, plain: AnnotationMismatch | ReturnTypeMismatch, node: ast.AST, use: str) -> None:
    """A value of one type where another is declared: the most telling kind for it, or else the plain one."""
    declared, actual, origin = plain.declared, plain.actual, untyped_origin(body, node)
    if origin is not None and isinstance(actual, (List, Dict)) and isinstance(declared, (List, Dict)):
        element = declared.element if isinstance(declared, List) else declared.value
        key = declared.key if isinstance(declared, Dict) else None
        name, text = ast.unparse(node), ast.unparse(origin)
        body.report(EmptyContainerUntyped(name=name, value=text, element=element, key=key), node, origin)
    elif _is_power(node, declared):
        body.report(IntPow(use=use), node)
    elif is_covariant(declared, actual):
        body.report(Invariance(expected=declared, actual=actual, use=use), node)
    elif isinstance(declared, Tuple) and isinstance(actual, List) and isinstance(plain, AnnotationMismatch):
        body.report(TupleListMix(expected=declared, actual=actual, use=use), node)
    elif is_optional(actual) and not is_optional(declared) and isinstance(node, ast.expr):
        body.not_refined(actual, node, use)
    else:
        body.report(plain, node)


def _is_power(node: ast.AST, declared: Type) -> bool:
    """Whether the value comes from `int ** int`, a float in compiled code."""
    return str(declared) == "int" and isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow)


def assign(
    body: Body, target: ast.expr, value: AnyValue, origin: ast.expr | None, annotation: Type | None = None
) -> None:
    """Bind a target to a value."""
    if isinstance(target, ast.Name):
        _assign_name(body, target, value, origin, annotation)
    elif isinstance(target, (ast.Tuple, ast.List)):
        _unpack(body, target, value, origin)
    elif isinstance(target, ast.Attribute):
        assign_attribute(body, target, value, origin)
    elif isinstance(target, ast.Subscript):
        assign_item(body, target, value, origin)
    else:
        assert isinstance(target, ast.Starred)  # noqa: S101 - Python has no other target
        assign(body, target.value, value, origin)


def _assign_name(
    body: Body, target: ast.Name, value: AnyValue, origin: ast.expr | None, annotation: Type | None
) -> None:
    outside = body.frame.find_outside(target.id)
    if outside is not None and annotation is None:
        value = _against(body, target, value, outside, origin)
    if isinstance(value, Type) and annotation is not None:
        if not is_subtype(value, annotation):
            plain = AnnotationMismatch(name=target.id, declared=annotation, actual=value)
            report_mismatch(body, plain, origin or target, "annotated variable")
        value = annotation
    if isinstance(value, EmptyList):
        value = List(TENSOR)
    if isinstance(value, Type):
        body.sink.type(target, value)
    body.frame.bind(target.id, Binding(value, target, _untyped(origin, value) if annotation is None else None))


def _against(body: Body, target: ast.Name, value: AnyValue, outside: Binding, origin: ast.expr | None) -> AnyValue:
    """A variable of an enclosing block keeps its type."""
    old = outside.value
    if not isinstance(value, Type) or not isinstance(old, Type):
        unsure = (isinstance(value, ModuleValue) and not value.name) or old is UNKNOWN or value is UNKNOWN
        if not unsure:
            body.report(ReassignNotFirstClass(name=target.id), target, outside.node)
        return UNKNOWN
    found = converted(value, old, conversions=True)
    if is_subtype(found, old):
        if old.has_unknown or value.has_unknown:
            return UNKNOWN
        return found
    empty = outside.origin is not None and isinstance(old, (List, Dict))
    if empty and isinstance(value, type(old)) and outside.origin is not None:
        element = value.element if isinstance(value, List) else value.value if isinstance(value, Dict) else UNKNOWN
        key = value.key if isinstance(value, Dict) else None
        text = ast.unparse(outside.origin)
        body.report(EmptyContainerUntyped(name=target.id, value=text, element=element, key=key), target, outside.origin)
    elif is_optional(value) and is_subtype(without_none(value), old) and origin is not None and old is not NONE:
        body.not_refined(value, origin, f"a value of `{target.id}`")
    else:
        body.report(ReassignChangesType(name=target.id, old=old, new=value), target, outside.node)
    return UNKNOWN


def _unpack(body: Body, target: ast.Tuple | ast.List, value: AnyValue, origin: ast.expr | None) -> None:
    count = len(target.elts)
    starred = [i for i, part in enumerate(target.elts) if isinstance(part, ast.Starred)]
    parts: Sequence[AnyValue] | None = None
    if isinstance(value, Tuple):
        parts = value.elements
    elif isinstance(value, TupleValue):
        parts = value.items
    elif isinstance(value, List):
        if starred:
            body.report(StarredUnpackOfList(type=value), target)
        parts = None if starred else [value.element] * count
    elif value is TENSOR:
        body.report(TensorUnpack(count=count), target)
    elif isinstance(value, Type) and (is_optional(value) or not value.has_unknown):
        if body.need(value, origin or target, "unpacking"):
            body.report(NotIterable(type=value), origin or target)
    elif isinstance(value, Iteration):
        body.as_type(value, origin or target, "unpacking")
    if parts is not None and not starred and len(parts) != count:
        body.report(UnpackCount(expected=count, actual=len(parts), type=value), target)
        parts = None
    _bind_parts(body, target, parts, starred, origin)


def _bind_parts(
    body: Body,
    target: ast.Tuple | ast.List,
    parts: Sequence[AnyValue] | None,
    starred: list[int],
    origin: ast.expr | None,
) -> None:
    if parts is None or (starred and len(parts) < len(target.elts) - 1):
        for part in target.elts:
            assign(body, part, UNKNOWN, None)
        return
    values = list(parts)
    if starred:
        first = starred[0]
        extra = len(values) - (len(target.elts) - 1)
        middle = values[first : first + extra]
        packed: AnyValue = Tuple([v if isinstance(v, Type) else UNKNOWN for v in middle])
        values[first : first + extra] = [packed]
    literal = isinstance(origin, (ast.Tuple, ast.List)) and len(origin.elts) == len(values) and not starred
    for index, (part, value) in enumerate(zip(target.elts, values, strict=False)):
        assign(body, part, value, origin.elts[index] if literal and isinstance(origin, (ast.Tuple, ast.List)) else None)


def _untyped(origin: ast.expr | None, value: AnyValue) -> ast.expr | None:
    """The expression itself when it is an untyped empty container."""
    if not isinstance(value, (List, Dict)):
        return None
    if isinstance(origin, ast.List) and not origin.elts:
        return origin
    if isinstance(origin, ast.Dict) and not origin.keys:
        return origin
    is_call = isinstance(origin, ast.Call) and isinstance(origin.func, ast.Name) and origin.func.id in ("list", "dict")
    return origin if is_call and isinstance(origin, ast.Call) and not origin.args and not origin.keywords else None
