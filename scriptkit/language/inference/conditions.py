"""Tests: truth values, `is None`, `isinstance`, `and`/`or`/`not`, and what they prove about local names."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Literal

from scriptkit.language.inference.lookups import static_truth
from scriptkit.language.inference.unseen_attributes import has_attribute
from scriptkit.language.problems.calls import BuiltinSignature, GetattrDynamic, IsinstanceForms
from scriptkit.language.problems.classes import EnumLimits
from scriptkit.language.problems.optionals import ImplicitBool
from scriptkit.language.types import (
    ANY,
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
    Tuple,
    Type,
    Union,
    is_optional,
    is_subtype,
    union,
    without_none,
)
from scriptkit.language.values import ContainerValue, ModuleValue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scriptkit.language.abstract import AnyValue
    from scriptkit.language.inference.body import Body

SCRIPTING = {
    "torch.jit.is_scripting": True,
    "torch.jit._script.is_scripting": True,
    "torch._jit_internal.is_scripting": True,
    "scriptkit.is_scripting": True,
    "torch.jit.is_tracing": None,
    "torch.compiler.is_compiling": False,
    "torch.compiler.is_dynamo_compiling": False,
    "torch._dynamo.is_compiling": False,
}


TRUTHY = (TENSOR, INT, FLOAT, BOOL, STR, NUMBER)


class Condition:
    """A test: what it proves about names on either side, and its value where the compiler knows it.

    `static` is True or False, or "unknown" for a constant whose value only the instance has, or None.
    """

    __slots__ = ("proves_false", "proves_true", "static")

    def __init__(
        self,
        proves_true: dict[str, Type] | None = None,
        proves_false: dict[str, Type] | None = None,
        static: bool | str | None = None,  # noqa: FBT001 - three states, and one of them a word
    ) -> None:
        self.proves_true = proves_true or {}
        self.proves_false = proves_false or {}
        self.static = static

    def negated(self) -> Condition:
        """The test with `not` before it."""
        static = not self.static if isinstance(self.static, bool) else self.static
        return Condition(self.proves_false, self.proves_true, static)


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
        special = _special_call(body, node)
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
    if isinstance(left, Instance) and left.kind == "enum" and isinstance(right, Instance):
        body.report(EnumLimits(what="is", text=ast.unparse(node)), node)
    if not isinstance(left, Type) or not isinstance(right, Type):
        return Condition(static="unknown")
    if right is not NONE:
        if left is NONE:
            return _none_test(body, other, right, negative=negative)
        return Condition()
    return _none_test(body, node.left, left, negative=negative)


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


def _special_call(body: Body, node: ast.Call) -> Condition | None:
    if isinstance(node.func, ast.Name) and body.frame.find(node.func.id) is not None:
        return None
    dotted = body.module.dotted(node.func)
    if dotted in SCRIPTING:
        body.sink.type(node, BOOL)
        return Condition(static=SCRIPTING[dotted])
    if dotted in ("builtins.isinstance", "torch.jit.isinstance") and len(node.args) == 2:  # noqa: PLR2004
        return _instance_test(body, node)
    if dotted == "builtins.hasattr" and len(node.args) == 2:  # noqa: PLR2004
        return _hasattr_test(body, node)
    return None


def _hasattr_test(body: Body, node: ast.Call) -> Condition:
    if not (isinstance(node.args[1], ast.Constant) and isinstance(node.args[1].value, str)):
        body.report(GetattrDynamic(function="hasattr"), node)
        return Condition()
    receiver = body.value(node.args[0])
    if isinstance(receiver, Type) and not isinstance(receiver, (Instance, Tuple)) and not receiver.has_unknown:
        body.report(BuiltinSignature(name="hasattr", why=str(receiver)), node)
    return Condition(static=has_attribute(receiver, node.args[1].value))


def _instance_test(body: Body, node: ast.Call) -> Condition:
    value = body.value(node.args[0])
    if not isinstance(value, Type):
        return Condition(static="unknown")
    wanted = _named_types(body, node.args[1], node)
    if wanted is None or value is UNKNOWN:
        return Condition(static="unknown")
    members = value.members if isinstance(value, Union) else [value]
    hits = [m for m in members if any(_is_instance(m, w) for w in wanted)]
    misses = [m for m in members if m not in hits]
    if value is ANY:
        return _narrow(node.args[0], union(wanted), None)
    if any(m.has_unknown for m in members):
        return Condition(static="unknown")
    if not hits:
        return Condition(static=False)
    return Condition(static=True) if not misses else _narrow(node.args[0], union(hits), union(misses))


def _narrow(node: ast.expr, hit: Type, miss: Type | None) -> Condition:
    if not isinstance(node, ast.Name):
        return Condition()
    return Condition({node.id: hit}, {node.id: miss} if miss is not None else {})


def _named_types(body: Body, node: ast.expr, call: ast.Call) -> list[Type] | None:
    """The types named by the second argument; None where one is not known."""
    parts = node.elts if isinstance(node, (ast.Tuple, ast.List)) else [node]
    found: list[Type] = []
    for part in parts:
        if isinstance(part, ast.Tuple):
            inner = _named_types(body, part, call)
            if inner is None:
                return None
            found.extend(inner)
            continue
        named = _named_type(body, part, call)
        if named is None:
            return None
        found.append(named)
    return found


def _named_type(body: Body, node: ast.expr, call: ast.Call) -> Type | None:
    dotted = body.module.dotted(node) if isinstance(node, (ast.Name, ast.Attribute)) else None
    bare: dict[str | None, Type] = {"builtins.list": List(UNKNOWN), "builtins.tuple": Tuple([])}
    if dotted in bare:
        return bare[dotted]
    if (
        dotted is not None and dotted.partition(".")[0] in ("numbers", "collections", "numpy")
    ) or dotted == "typing.Sequence":
        body.report(IsinstanceForms(text=ast.unparse(node), why="abstract"), call)
        return None
    if isinstance(node, ast.BinOp):
        return None
    named, bad = body.annotations.read(node)
    if bad:
        body.report(IsinstanceForms(text=ast.unparse(node), why="no type"), call)
    return None if bad or named.has_unknown else named


def _has_truth(found: Type) -> bool:
    """Whether an object says by itself whether it is true."""
    return isinstance(found, Instance) and (found.kind == "interface" or "__bool__" in found.cls.methods)


def _is_instance(member: Type, wanted: Type) -> bool:
    if isinstance(wanted, List) and wanted.element is UNKNOWN:
        return isinstance(member, List)
    if isinstance(wanted, Tuple) and not wanted.elements and not wanted.name:
        return isinstance(member, Tuple)
    return is_subtype(member, wanted)


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
