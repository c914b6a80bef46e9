"""Expressions that are none of the larger kinds: constants, names, attributes, ternaries."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.inference.assignments import assign
from scriptkit.language.inference.attribute_reads import attribute_of
from scriptkit.language.inference.conditions import read_condition
from scriptkit.language.inference.frames import Binding, TwoTypes, Unusable
from scriptkit.language.inference.lookups import global_value
from scriptkit.language.problems.names import MaybeUndefined
from scriptkit.language.problems.variables import BranchTypesDiffer, TernaryTypesDiffer
from scriptkit.language.types import ANY, CONSTANTS, STR, UNKNOWN, Type, Union, unify

if TYPE_CHECKING:
    from scriptkit.language.abstract import AnyValue
    from scriptkit.language.inference.body import Body


def read_constant(_body: Body, node: ast.Constant, _hint: Type | None) -> AnyValue:
    """A literal."""
    return CONSTANTS.get(type(node.value), UNKNOWN)


def read_f_string(body: Body, node: ast.JoinedStr, _hint: Type | None) -> AnyValue:
    """An f-string."""
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            body.type(part.value, use="an f-string")
    return STR


def read_name(body: Body, node: ast.Name, _hint: Type | None) -> AnyValue:
    """A local, or else what the name means outside the function."""
    bound = body.frame.find(node.id)
    why = body.frame.why_unusable(node.id)
    if why is not None:
        return _report_unusable(body, node, why)
    return bound.value if bound is not None else global_value(body, node)


def _report_unusable(body: Body, node: ast.Name, why: Unusable) -> Type:
    frame = body.frame
    while frame.parent is not None and node.id not in frame.unusable:
        frame = frame.parent
    frame.unusable.pop(node.id, None)
    if isinstance(why, TwoTypes):
        made = sorted(filter(None, (why.true_node, why.false_node)), key=lambda n: getattr(n, "lineno", 0))
        data = BranchTypesDiffer(name=node.id, true_type=why.true_type, false_type=why.false_type)
        body.report(data, made[-1] if made else node, *made[:-1], node)
    else:
        body.report(MaybeUndefined(name=node.id, missing=why.where), node, why.node)
    body.frame.bind(node.id, Binding(UNKNOWN, node))
    return UNKNOWN


def read_attribute(body: Body, node: ast.Attribute, _hint: Type | None) -> AnyValue:
    """`a.b`."""
    return attribute_of(body, body.value(node.value), node.attr, node)


def read_ternary(body: Body, node: ast.IfExp, hint: Type | None) -> AnyValue:
    """`a if c else b`."""
    test = read_condition(body, node.test)
    if test.static is True:
        body.sink.kill(node.orelse)
        with body.inner(test.proves_true):
            return body.value(node.body, hint)
    if test.static is False:
        body.sink.kill(node.body)
        with body.inner(test.proves_false):
            return body.value(node.orelse, hint)
    unknown = test.static == "unknown"
    with body.inner(test.proves_true), body.doubtful(doubt=unknown):
        true = body.value(node.body, hint)
    with body.inner(test.proves_false), body.doubtful(doubt=unknown):
        false = body.value(node.orelse, hint)
    if unknown:
        return true if isinstance(true, Type) and true == false else UNKNOWN
    return _joined_arms(body, node, true, false, hint)


def _joined_arms(body: Body, node: ast.IfExp, true: AnyValue, false: AnyValue, hint: Type | None) -> AnyValue:
    left, right = body.as_type(true, node.body, "a ternary"), body.as_type(false, node.orelse, "a ternary")
    joined = unify(left, right, to_union=isinstance(hint, Union) or hint is ANY)
    if joined is not None:
        return joined
    return body.report(TernaryTypesDiffer(true_type=left, false_type=right), node)


def read_starred(body: Body, node: ast.Starred, _hint: Type | None) -> AnyValue:
    """`*xs` where it stands for its elements."""
    return body.value(node.value)


def read_walrus(body: Body, node: ast.NamedExpr, hint: Type | None) -> AnyValue:
    """`(name := value)`."""
    found = body.value(node.value, hint)
    assign(body, node.target, UNKNOWN, None)
    return found
