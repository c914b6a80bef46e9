"""Builtins that the compiler treats as syntax, or as an operator, or refuses."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language import operators
from scriptkit.language.inference.arguments import Arguments, evaluate_arguments, typed_arguments
from scriptkit.language.inference.attribute_reads import attribute_of
from scriptkit.language.inference.blaming import blame_parameter
from scriptkit.language.inference.conditions import call_test, check_truth
from scriptkit.language.inference.explanations import attempt, explain
from scriptkit.language.inference.instances import call_special_method
from scriptkit.language.inference.iteration import (
    call_enumerate,
    call_range,
    call_reversed,
    call_zip,
    evaluate_quietly,
    iterate,
)
from scriptkit.language.inference.matching import Match, resolve
from scriptkit.language.problems.calls import (
    BuiltinSignature,
    GeneratorArgument,
    GetattrDynamic,
    RangeForms,
    UnsupportedBuiltin,
    UnsupportedContainer,
)
from scriptkit.language.problems.classes import EnumLimits
from scriptkit.language.types import (
    ANY,
    BOOL,
    COMPLEX,
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
    is_optional,
)
from scriptkit.language.values import LAZY, ContainerValue, Iteration, ModuleValue, TupleValue

if TYPE_CHECKING:
    from collections.abc import Callable

    from scriptkit.language.abstract import AnyValue
    from scriptkit.language.inference.body import Body

UNSUPPORTED = frozenset(
    {
        "map", "filter", "type", "id", "vars", "dir", "iter", "next", "open", "input", "eval", "exec", "callable",
        "super",
        "issubclass", "memoryview", "bytearray", "bytes", "object", "globals", "locals", "repr", "format", "delattr",
        "classmethod", "staticmethod", "property", "compile", "__import__", "breakpoint", "ascii",
    },
)  # fmt: skip


SETS = frozenset({"set", "frozenset"})


OPERATORS = {
    "min": "prim::min", "max": "prim::max", "abs": "prim::abs", "all": "all", "any": "any", "divmod": "divmod", "sum":
    "sum",
    "ord": "ord", "chr": "chr", "bin": "bin", "pow": "pow", "sorted": "sorted", "round": "round", "hash": "hash",
    "hex": "hex",
    "oct": "oct", "len": "len",
}  # fmt: skip


CASTS: dict[str, Type] = {"int": INT, "float": FLOAT, "bool": BOOL, "str": STR, "complex": COMPLEX}


CAST_OPERATORS = {"int": "Int", "float": "Float", "bool": "Bool", "str": "str", "complex": "Complex"}


def call_builtin(body: Body, name: str, node: ast.Call, hint: Type | None) -> AnyValue | None:
    """A builtin by its name; None where it is no special form."""
    form = BUILTINS.get(name)
    if form is not None:
        return form(body, node, hint)
    if name in CASTS:
        return _cast(body, name, node)
    if name in SETS:
        evaluate_arguments(body, node)
        return body.report(UnsupportedContainer(name=name), node)
    if name in OPERATORS:
        return _call_operator(body, name, node)
    if name in UNSUPPORTED and name != "super":
        evaluate_quietly(body, node)
        return body.report(UnsupportedBuiltin(name=name), node)
    return None


def _call_operator(body: Body, name: str, node: ast.Call) -> AnyValue:
    arguments = evaluate_arguments(body, node)
    for value in arguments.positional:
        if isinstance(value, Iteration):
            return _over_iteration(body, name, value, node)
        if isinstance(value, (ContainerValue, ModuleValue)) and name == "len":
            return INT if isinstance(value, ContainerValue) else UNKNOWN
        if isinstance(value, TupleValue):
            return INT if name == "len" else body.report(BuiltinSignature(name=name, why=str(value)), node)
    positional, keywords = typed_arguments(body, arguments, name)
    if arguments.open:
        return UNKNOWN
    if name == "len" and positional:
        if isinstance(positional[0], Instance):
            return call_special_method(body, positional[0], "__len__", node)
        if isinstance(positional[0], Tuple):
            return INT
    return _resolve_operator(body, name, node, positional, keywords, arguments)


def _over_iteration(body: Body, name: str, value: Iteration, node: ast.Call) -> AnyValue:
    if value.kind in LAZY:
        return body.report(RangeForms(why=value.kind), node)
    return INT if name == "len" else body.report(BuiltinSignature(name=name, why=value.kind), node)


def _resolve_operator(
    body: Body, name: str, node: ast.Call, positional: list[Type], keywords: dict[str, Type], arguments: Arguments
) -> AnyValue:
    schemas = operators.overloads(OPERATORS[name])
    found = resolve(schemas, positional, keywords)
    if isinstance(found, Match):
        return found.returns
    if any(t.has_unknown for t in (*positional, *keywords.values())) and not keywords:
        return UNKNOWN
    if any(is_optional(t) or t is ANY for t in positional):
        return explain(
            body, attempt(node, name, schemas, positional, keywords, arguments.nodes, arguments.keyword_nodes)
        )
    if blame_parameter(body, arguments.nodes, node):
        return UNKNOWN
    why = f"keyword `{next(iter(keywords))}`" if keywords else ", ".join(map(str, positional))
    return body.report(BuiltinSignature(name=name, why=why), node)


def _cast(body: Body, name: str, node: ast.Call) -> AnyValue:
    arguments = evaluate_arguments(body, node)
    positional, _ = typed_arguments(body, arguments, name)
    if len(positional) != 1 or arguments.open or name == "str":
        return CASTS[name]
    given = positional[0]
    if given.has_unknown:
        return CASTS[name]
    if isinstance(given, Instance) and given.kind != "enum":
        return call_special_method(body, given, f"__{name}__", arguments.nodes[0])
    found = resolve(operators.overloads(CAST_OPERATORS[name]), [given], {})
    if isinstance(found, Match) or given == CASTS[name]:
        return CASTS[name]
    if name == "bool":
        check_truth(body, given, arguments.nodes[0])
        return BOOL
    if isinstance(given, Instance):
        return body.report(EnumLimits(what="arithmetic", text=ast.unparse(node)), node)
    if not body.need(given, arguments.nodes[0], f"`{name}()`"):
        return UNKNOWN
    return body.report(BuiltinSignature(name=name, why=str(given)), node)


def _call_getattr(body: Body, node: ast.Call, _hint: Type | None) -> AnyValue:
    name = node.args[1] if len(node.args) > 1 else None
    if not (isinstance(name, ast.Constant) and isinstance(name.value, str)):
        return body.report(GetattrDynamic(function="getattr"), node)
    receiver = body.value(node.args[0])
    if len(node.args) > 2 or not isinstance(receiver, ModuleValue):  # noqa: PLR2004 - with a default
        return UNKNOWN
    return attribute_of(body, receiver, name.value, node)


def _call_setattr(body: Body, node: ast.Call, _hint: Type | None) -> AnyValue:
    return body.report(GetattrDynamic(function="setattr"), node)


def _call_list(body: Body, node: ast.Call, hint: Type | None) -> AnyValue:
    if not node.args:
        return hint if isinstance(hint, List) else List(TENSOR)
    value = body.value(node.args[0])
    if isinstance(value, Type) and value.has_unknown and not isinstance(value, (List, Tuple)):
        return UNKNOWN
    run = iterate(body, value, node.args[0])
    if isinstance(value, Tuple) and len(set(value.elements)) > 1:
        return body.report(BuiltinSignature(name="list", why=str(value)), node)
    if isinstance(value, Tuple) and value.elements:
        return List(value.elements[0])
    return List(run.element) if isinstance(run.element, Type) and run.element is not UNKNOWN else UNKNOWN


def _call_tuple(body: Body, node: ast.Call, _hint: Type | None) -> AnyValue:
    if not node.args:
        return body.report(BuiltinSignature(name="tuple", why="no argument"), node)
    if isinstance(node.args[0], ast.GeneratorExp):
        body.value(node.args[0])
        return body.report(GeneratorArgument(function="tuple"), node)
    value = body.value(node.args[0])
    if isinstance(value, (Tuple, TupleValue)):
        return value
    is_lazy = isinstance(value, Iteration) and value.kind in LAZY
    if is_lazy or isinstance(value, ContainerValue) or (isinstance(value, Type) and not value.has_unknown):
        return body.report(BuiltinSignature(name="tuple", why=str(value)), node)
    return UNKNOWN


def _call_dict(body: Body, node: ast.Call, hint: Type | None) -> AnyValue:
    if not node.args and not node.keywords:
        return hint if isinstance(hint, Dict) else Dict(STR, TENSOR)
    evaluate_arguments(body, node)
    return UNKNOWN


def _call_print(body: Body, node: ast.Call, _hint: Type | None) -> AnyValue:
    evaluate_arguments(body, node)
    return NONE


BUILTINS: dict[str, Callable[[Body, ast.Call, Type | None], AnyValue]] = {
    "dict": _call_dict,
    "enumerate": call_enumerate,
    "getattr": _call_getattr,
    "hasattr": call_test,
    "isinstance": call_test,
    "list": _call_list,
    "print": _call_print,
    "range": call_range,
    "reversed": call_reversed,
    "setattr": _call_setattr,
    "tuple": _call_tuple,
    "zip": call_zip,
}
