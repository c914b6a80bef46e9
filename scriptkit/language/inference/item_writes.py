"""`a[b] = value`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language import operators
from scriptkit.language.inference.elements import forget_name, report_element, untyped_origin
from scriptkit.language.inference.instances import call_special_method
from scriptkit.language.inference.matching import Match, converted, resolve
from scriptkit.language.inference.subscripts import read_index, report_bad_index, tensor_item
from scriptkit.language.problems.containers import (
    ContainerElementMismatch,
    EmptyContainerUntyped,
    IndexForms,
    NotSubscriptable,
)
from scriptkit.language.problems.modules import ModuleContainerMutation
from scriptkit.language.types import (
    ANY,
    BOOL,
    COMPLEX,
    FLOAT,
    INT,
    NUMBER,
    TENSOR,
    Dict,
    Instance,
    List,
    Tuple,
    Type,
    is_subtype,
)
from scriptkit.language.values import ContainerValue

if TYPE_CHECKING:
    from scriptkit.language.abstract import AnyValue
    from scriptkit.language.inference.body import Body

# what an element of a tensor can be set to
NUMBERS = (TENSOR, INT, FLOAT, BOOL, COMPLEX, NUMBER)


def assign_item(body: Body, target: ast.Subscript, value: AnyValue, origin: ast.expr | None) -> None:
    """`a[b] = value`."""
    holder = body.value(target.value)
    if isinstance(holder, ContainerValue):
        body.report(ModuleContainerMutation(text=ast.unparse(target.value), method="__setitem__"), target)
        return
    holder = body.as_type(holder, target.value, "item assignment")
    if holder.has_unknown and not isinstance(holder, (List, Dict)):
        read_index(body, target.slice)
        return
    if not body.need(holder, target.value, "item assignment"):
        return
    value = body.as_type(value, origin or target, "an element")
    if holder is TENSOR:
        tensor_item(body, target, target.slice)
        if not (value in NUMBERS or value.has_unknown) and body.need(value, origin or target.value, "an element"):
            body.report(ContainerElementMismatch(container=holder, element=value), origin or target)
        return
    index = read_index(body, target.slice)
    if isinstance(holder, Instance):
        call_special_method(body, holder, "__setitem__", target)
    elif isinstance(holder, Tuple):
        body.report(IndexForms(type=holder, index=INT, why="assignment"), target)
    elif not isinstance(holder, (List, Dict)):
        body.report(NotSubscriptable(type=holder), target)
    elif index is None:
        body.report(IndexForms(type=holder, index="slice", why="assignment to a slice"), target)
    elif isinstance(holder, List):
        _assign_element(body, target, origin, holder, index, value)
    else:
        _assign_value(body, target, origin, holder, index, value)


def _assign_element(
    body: Body, target: ast.Subscript, origin: ast.expr | None, holder: Type, index: Type, value: Type
) -> None:
    if not isinstance(resolve(operators.overloads("_set_item"), [List(ANY), index, ANY], {}), Match):
        report_bad_index(body, holder, index, target)
    elif not isinstance(resolve(operators.overloads("_set_item"), [holder, INT, value], {}), Match):
        report_element(body, target.value, origin or target, holder, value)


def _assign_value(
    body: Body, target: ast.Subscript, origin: ast.expr | None, holder: Dict, index: Type, value: Type
) -> None:
    wrong_key = not is_subtype(converted(index, holder.key, conversions=True), holder.key)
    wrong_value = not isinstance(resolve(operators.overloads("_set_item"), [holder, holder.key, value], {}), Match)
    untyped = untyped_origin(body, target.value)
    if (wrong_key or wrong_value) and untyped is not None:
        text = ast.unparse(untyped)
        name = ast.unparse(target.value)
        body.report(EmptyContainerUntyped(name=name, value=text, element=value, key=index), target, untyped)
        forget_name(body, target.value)
    elif wrong_key:
        report_bad_index(body, holder, index, target)
    elif wrong_value:
        report_element(body, target.value, origin or target, holder, value)
