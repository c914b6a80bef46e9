"""Tests: truth values, `is None`, `isinstance`, `and`/`or`/`not`, and what they prove about local names."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Literal

from scriptkit.language.inference.condition import Condition
from scriptkit.language.inference.lookups import static_truth
from scriptkit.language.inference.type_tests import read_test_call
from scriptkit.language.problems.classes import EnumLimits
from scriptkit.language.problems.optionals import ImplicitBool
from scriptkit.language.types import (
    BOOL,
    FLOAT,
    INT,
    NONE,
    NUMBER,
    STR,
    TENSOR,
    UNKNOWN,
    Dict,
    Instance,
    List,
    Type,
    Union,
    is_optional,
    without_none,
)
from scriptkit.language.values import ContainerValue, ModuleValue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scriptkit.language.abstract import AnyValue
    from scriptkit.language.inference.body import Body


TRUTHY = (TENSOR, INT, FLOAT, BOOL, STR, NUMBER)


def call_test(body: Body, node: ast.Call, _hint: Type | None) -> AnyValue:
    """A call that is a test, such as `isinstance`, read for what it proves."""
    if len(node.args) == 2:  # noqa: PLR2004 - else the rest of the pass knows no more than we do
        read_condition(body, node)
    return BOOL


def read_condition(body: Body, node: ast.expr) -> Condition:
    """Evaluate a test. The compiler emits both sides of `and` and `or`, whatever it knows of the first."""
    if isinstance(node, ast.BoolOp):
        return _short_circuit(body, node.op, node.values)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return read_condition(body, node.operand).negated()
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], (ast.Is, ast.IsNot)):
        return _identity(body, node, node.ops[0], node.comparators[0])
    if isinstance(node, ast.Call):
        special = read_test_call(body, node)
        if special is not None:
            return special
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        body.sink.type(node, BOOL)
        return Condition(static=bool(node.value))
    value = body.value(node)
    check_truth(body, value, node)
    if isinstance(value, Type) and is_optional(value) and not value.has_unknown:
        body.checks.append(node)
        return Condition({node.id: without_none(value)} if isinstance(node, ast.Name) else {})
    return Condition(static=static_truth(body, node, value))


def check_truth(body: Body, value: AnyValue, node: ast.expr) -> None:
    """Report a value that has no truth value."""
    if isinstance(value, (ModuleValue, ContainerValue)):
        body.report(ImplicitBool(type=value, what="module"), node)
        return
    found = body.as_type(value, node, "condition")
    if found is UNKNOWN or found in TRUTHY or isinstance(found, (List, Dict)):
        return
    if (isinstance(found, Union) and found.has_unknown) or _has_truth(found):
        return
    what: Literal["None", "Optional", "other"] = (
        "None" if found is NONE else "Optional" if is_optional(found) else "other"
    )
    body.report(ImplicitBool(type=found, what=what), node)


def _short_circuit(body: Body, op: ast.boolop, values: Sequence[ast.expr]) -> Condition:
    is_or = isinstance(op, ast.Or)
    result = read_condition(body, values[0])
    for value in values[1:]:
        proven = result.proves_false if is_or else result.proves_true
        with body.inner(proven), body.doubtful(doubt=result.static == "unknown"):
            second = read_condition(body, value)
        result = _combine(result, second, is_or=is_or)
    return result


def _identity(body: Body, node: ast.Compare, op: ast.cmpop, other: ast.expr) -> Condition:
    left, right = body.value(node.left), body.value(other)
    negative = isinstance(op, ast.IsNot)
    if isinstance(left, (ModuleValue, ContainerValue)) and right is NONE:
        unsure = isinstance(left, ModuleValue) and (left.maybe or not left.name)
        return Condition(static="unknown" if unsure else negative)
    if NONE not in (left, right) and (_is_enum(left) or _is_enum(right)):
        body.report(EnumLimits(what="is", text=ast.unparse(node)), node)
    if not isinstance(left, Type) or not isinstance(right, Type):
        return Condition(static="unknown")
    if right is not NONE:
        if left is NONE:
            return _none_test(body, other, right, negative=negative)
        return Condition()
    return _none_test(body, node.left, left, negative=negative)


def _is_enum(value: object) -> bool:
    """Whether a value is a member of an enum, wherever it comes from: compiled code makes members anew."""
    return isinstance(value, Instance) and value.kind == "enum"


def _none_test(body: Body, node: ast.expr, found: Type, *, negative: bool) -> Condition:
    none = _may_be_none(found)
    if none is not None:
        return Condition(static=none != negative)
    if not isinstance(node, ast.Name):
        body.checks.append(node)
    if found is UNKNOWN:
        result = Condition(static="unknown")
    elif isinstance(node, ast.Name):
        result = Condition({}, {node.id: without_none(found)})
    else:
        result = Condition()
    return result.negated() if negative else result


def _has_truth(found: Type) -> bool:
    """Whether an object says by itself whether it is true."""
    return isinstance(found, Instance) and (found.kind == "interface" or "__bool__" in found.cls.methods)


def _combine(first: Condition, second: Condition, *, is_or: bool) -> Condition:
    both_true = {**first.proves_true, **second.proves_true}
    both_false = {**first.proves_false, **second.proves_false}
    both = (first.static, second.static)
    static: bool | str | None = None
    if is_or in both:
        static = is_or
    elif "unknown" in both:
        static = "unknown"
    elif isinstance(first.static, bool) and isinstance(second.static, bool):
        static = not is_or
    return Condition({} if is_or else both_true, both_false if is_or else {}, static)


def _may_be_none(t: Type) -> bool | None:
    """True: is None; False: never; None: perhaps."""
    if t is NONE:
        return True
    if is_optional(t) or t is UNKNOWN or (isinstance(t, Union) and t.has_unknown):
        return None
    return False
