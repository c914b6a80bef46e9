"""Calls that are tests: `isinstance`, `hasattr`, `torch.jit.is_scripting`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.inference.condition import Condition
from scriptkit.language.inference.unseen_attributes import has_attribute
from scriptkit.language.problems.calls import BuiltinSignature, GetattrDynamic, IsinstanceForms
from scriptkit.language.types import (
    ANY,
    BOOL,
    UNKNOWN,
    Instance,
    List,
    Tuple,
    Type,
    Union,
    is_subtype,
    union,
)

if TYPE_CHECKING:
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


def read_test_call(body: Body, node: ast.Call) -> Condition | None:
    """What such a call proves; None for any other call."""
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


def _is_instance(member: Type, wanted: Type) -> bool:
    if isinstance(wanted, List) and wanted.element is UNKNOWN:
        return isinstance(member, List)
    if isinstance(wanted, Tuple) and not wanted.elements and not wanted.name:
        return isinstance(member, Tuple)
    return is_subtype(member, wanted)
