"""`a[b]`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language import operators
from scriptkit.language.inference.instances import call_special_method
from scriptkit.language.inference.matching import Match, resolve
from scriptkit.language.problems.arguments import StarArgsCall
from scriptkit.language.problems.classes import EnumLimits
from scriptkit.language.problems.containers import (
    BoolListIndex,
    IndexForms,
    NotSubscriptable,
    TupleIndexNotConstant,
    TupleIndexOutOfRange,
    TupleVariableIndex,
)
from scriptkit.language.problems.modules import ModuleContainerDynamicIndex, ParameterContainer
from scriptkit.language.types import (
    BOOL,
    FLOAT,
    INT,
    NONE,
    STR,
    TENSOR,
    UNKNOWN,
    Dict,
    Instance,
    List,
    Tuple,
    Type,
    Union,
    is_optional,
    is_subtype,
)
from scriptkit.language.values import ClassValue, ContainerValue, ModuleValue, TupleValue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scriptkit.language.abstract import AnyValue
    from scriptkit.language.inference.body import Body

_OPTIONAL_TENSOR = Union(frozenset({TENSOR, NONE}))


def read_subscript(body: Body, node: ast.Subscript, hint: Type | None = None) -> AnyValue:
    """What `a[b]` is."""
    holder = body.value(node.value)
    index = node.slice
    if isinstance(holder, ContainerValue):
        interface = isinstance(hint, Instance) and hint.kind == "interface"
        return UNKNOWN if interface else _container_item(body, holder, node, index)
    if isinstance(holder, TupleValue):
        return _part(body, holder, node, constant_index(body, index))
    if isinstance(holder, ClassValue) and holder.cls.kind == "enum":
        return body.report(EnumLimits(what="lookup", text=ast.unparse(node)), node)
    if isinstance(holder, ModuleValue):
        return _module_item(body, holder, node)
    if not isinstance(holder, Type):
        return UNKNOWN
    if holder is UNKNOWN or (holder.has_unknown and isinstance(holder, Union)):
        read_index(body, index)
        return UNKNOWN
    if not body.need(holder, node.value, "indexing"):
        return UNKNOWN
    return _item(body, holder, node, index)


def read_index(body: Body, index: ast.expr) -> Type | None:
    """The type of an index; None for a slice."""
    if isinstance(index, ast.Slice):
        for part in (index.lower, index.upper, index.step):
            if part is not None:
                body.type(part, use="a slice bound")
        return None
    if isinstance(index, ast.Tuple) and any(isinstance(part, ast.Slice) for part in index.elts):
        for part in index.elts:
            read_index(body, part)
        return None
    return body.type(index, use="an index")


def _item(body: Body, holder: Type, node: ast.Subscript, index: ast.expr) -> AnyValue:
    if holder is TENSOR:
        return tensor_item(body, node, index)
    if isinstance(holder, Tuple):
        return _tuple_item(body, holder, node, index)
    found = read_index(body, index)
    if found is None and (isinstance(index, ast.Tuple) or isinstance(holder, Dict)):
        return body.report(NotSubscriptable(type=holder), node)
    if isinstance(holder, List):
        if found is None:
            return List(holder.element)
        return _looked_up(body, holder, found, node, holder.element)
    if isinstance(holder, Dict) and found is not None:
        return _looked_up(body, holder, found, node, holder.value)
    if holder is STR:
        return (
            STR
            if found is None or found in (INT, TENSOR) or found.has_unknown
            else report_bad_index(body, holder, found, node)
        )
    if isinstance(holder, Instance) and holder.kind != "enum":
        return call_special_method(body, holder, "__getitem__", node)
    return body.report(NotSubscriptable(type=holder), node)


def _looked_up(body: Body, holder: Type, found: Type, node: ast.Subscript, element: Type) -> AnyValue:
    if found.has_unknown or holder.has_unknown:
        return element
    result = resolve(operators.overloads("__getitem__"), [holder, found], {})
    if isinstance(result, Match):
        return element
    if not body.need(found, node.slice, "an index"):
        return UNKNOWN
    return report_bad_index(body, holder, found, node)


def report_bad_index(body: Body, holder: Type, found: Type, node: ast.Subscript) -> Type:
    """An index of a type that is not taken."""
    return body.report(IndexForms(type=holder, index=found, why=""), node)


def tensor_item(body: Body, node: ast.Subscript, index: ast.expr) -> AnyValue:
    """`x[...]` of a tensor."""
    parts = index.elts if isinstance(index, ast.Tuple) else [index]
    for part in parts:
        if isinstance(part, ast.Constant) and (part.value is ... or part.value is None):
            continue
        if isinstance(part, ast.Starred):
            body.report(StarArgsCall(function=ast.unparse(node.value), type=body.type(part.value)), part)
            continue
        found = read_index(body, part)
        if found is not None and not found.has_unknown:
            _tensor_index(body, node, part, found)
    return TENSOR


def _tensor_index(body: Body, node: ast.Subscript, part: ast.expr, found: Type) -> None:
    if isinstance(found, List) and found.element is BOOL:
        body.report(BoolListIndex(text=ast.unparse(part)), part)
    elif isinstance(found, Tuple):
        body.report(TupleVariableIndex(text=ast.unparse(part), type=found), part)
    elif found in (FLOAT, STR) or isinstance(found, Dict) or (isinstance(found, List) and found.element == STR):
        body.report(IndexForms(type=TENSOR, index=found, why=""), node)
    elif is_optional(found) and found != _OPTIONAL_TENSOR:
        body.not_refined(found, part, "an index")


def _part(body: Body, holder: TupleValue, node: ast.Subscript, index: int | str | None) -> AnyValue:
    """A part of a tuple with modules in it; a module taken from there has lost its hooks, and is not called."""
    if not isinstance(index, int):
        return UNKNOWN
    if not -len(holder.items) <= index < len(holder.items):
        return body.report(TupleIndexOutOfRange(type=holder, index=index), node)
    part = holder.items[index]
    return part.replaced(sliced=True) if isinstance(part, (ModuleValue, ContainerValue)) else part


def _tuple_item(body: Body, holder: Tuple, node: ast.Subscript, index: ast.expr) -> AnyValue:
    if isinstance(index, ast.Slice):
        return _tuple_slice(body, holder, node, index)
    read_index(body, index)
    found = constant_index(body, index)
    count = len(holder.elements)
    if isinstance(found, int):
        if not -count <= found < count:
            return body.report(TupleIndexOutOfRange(type=holder, index=found), node)
        return holder.elements[found]
    if found == "constant" or holder.has_unknown:
        return UNKNOWN
    if count and all(is_subtype(part, holder.elements[0]) for part in holder.elements):
        return holder.elements[0]
    return body.report(TupleIndexNotConstant(type=holder, text=ast.unparse(node), slice=False), node)


def _tuple_slice(body: Body, holder: Tuple, node: ast.Subscript, index: ast.Slice) -> AnyValue:
    bounds: list[int | None] = []
    for part in (index.lower, index.upper, index.step):
        if part is None:
            bounds.append(None)
            continue
        body.value(part)
        found = constant_index(body, part)
        if found is None or (found == 0 and part is index.step):
            return body.report(TupleIndexNotConstant(type=holder, text=ast.unparse(node), slice=True), node)
        if not isinstance(found, int):
            return UNKNOWN
        bounds.append(found)
    return Tuple(holder.elements[slice(*bounds)])


def constant_index(body: Body, node: ast.expr) -> int | str | None:
    """The value of a constant index; "constant" where only the instance has it; None where it is none."""
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, str)):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        found = constant_index(body, node.operand)
        return -found if isinstance(found, int) else found
    if isinstance(node, ast.Name):
        binding = body.frame.find(node.id)
        return "constant" if binding is None or binding.value is UNKNOWN else None
    if isinstance(node, ast.Attribute):
        holder = body.value(node.value)
        if isinstance(holder, ModuleValue) and holder.cls is not None:
            attribute = holder.cls.attributes.get(node.attr)
            is_constant = attribute is None or attribute.final or attribute.constant
            return "constant" if is_constant else None
        return None if isinstance(holder, Type) and holder is not UNKNOWN else "constant"
    return None


def _container_item(body: Body, holder: ContainerValue, node: ast.Subscript, index: ast.expr) -> AnyValue:
    if isinstance(index, ast.Slice):
        for part in (index.lower, index.upper, index.step):
            if part is not None:
                body.value(part)
        return ContainerValue(holder.kind, element=holder.element or _joined(holder.items), sliced=True)
    body.value(index)
    found = constant_index(body, index)
    if found is None:
        if holder.kind.startswith("Parameter"):
            body.report(ParameterContainer(text=ast.unparse(node.value), what="index"), node)
        else:
            body.report(
                ModuleContainerDynamicIndex(
                    container=holder.kind, text=ast.unparse(node.value), index=ast.unparse(index)
                ),
                node,
            )
        return UNKNOWN
    if isinstance(found, int) and holder.items is not None and -len(holder.items) <= found < len(holder.items):
        return holder.items[found]
    if isinstance(found, str) and holder.keys is not None and holder.items is not None and found in holder.keys:
        return holder.items[holder.keys.index(found)]
    element = holder.element
    return element if element is not None and holder.items is None else UNKNOWN


def _module_item(body: Body, holder: ModuleValue, node: ast.Subscript) -> AnyValue:
    read_index(body, node.slice)
    if not holder.library and (holder.cls is None or any(c.foreign_bases for c in holder.cls.mro)):
        return UNKNOWN
    return body.report(NotSubscriptable(type=holder), node)


def _joined(items: Sequence[AnyValue] | None) -> AnyValue:
    return items[0] if items and len(items) == 1 else UNKNOWN
