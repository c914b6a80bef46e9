"""Calls: the choice of what a call is."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language import operators
from scriptkit.language.inference.arguments import Arguments, evaluate_arguments, typed_arguments
from scriptkit.language.inference.builtin_functions import call_builtin
from scriptkit.language.inference.callees import call_container, call_container_method, call_function, call_module
from scriptkit.language.inference.constructions import construct
from scriptkit.language.inference.elements import report_element
from scriptkit.language.inference.explanations import attempt, explain
from scriptkit.language.inference.imported_calls import call_dotted, call_schemas
from scriptkit.language.inference.instances import instance_attribute
from scriptkit.language.inference.matching import Match, resolve
from scriptkit.language.inference.tensor_methods import call_tensor_method
from scriptkit.language.inference.torch_forms import TORCH_FORMS
from scriptkit.language.problems.calls import ValueNotCallable
from scriptkit.language.types import TENSOR, UNKNOWN, Instance, List, Type
from scriptkit.language.values import (
    BoundOperator,
    ClassValue,
    ContainerMethod,
    ContainerValue,
    DottedValue,
    FunctionValue,
    ModuleValue,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scriptkit.language.abstract import AnyValue
    from scriptkit.language.inference.body import Body


def _is_foreign(function: AnyValue) -> bool:
    """Whether another file defines what is called."""
    if isinstance(function, ModuleValue):
        return function.cls is None and not function.library
    return function is UNKNOWN or isinstance(function, DottedValue)


def read_call(body: Body, node: ast.Call, hint: Type | None = None) -> AnyValue:
    """What a call gives."""
    special = _special_form(body, node, hint)
    if special is not None:
        return special
    before = len(body.sink.problems)
    function = body.value(node.func)
    found = _call_value(body, function, node)
    is_open = found is UNKNOWN and _is_foreign(function) and len(body.sink.problems) == before
    return _told_call(body, node) if is_open else found


def _told_call(body: Body, node: ast.Call) -> AnyValue:
    """A call of what another file defines, as far as a door knows it."""
    schema = None if body.session.oracle is None else body.session.oracle.call_schema(node)
    return UNKNOWN if schema is None else call_schemas(body, node, schema.name, [schema])


def _call_value(body: Body, function: AnyValue, node: ast.Call) -> AnyValue:
    """Call what has been evaluated."""
    if isinstance(function, DottedValue):
        return call_dotted(body, function.dotted, node)
    arguments = evaluate_arguments(body, node)
    if isinstance(function, FunctionValue):
        return call_function(body, function, node, arguments)
    if isinstance(function, ModuleValue):
        return call_module(body, function, node, arguments)
    if isinstance(function, BoundOperator):
        return _call_bound(body, function, node, arguments)
    if isinstance(function, ClassValue):
        return construct(body, function.cls, node, arguments)
    if isinstance(function, ContainerValue):
        return call_container(body, function, node, arguments)
    if isinstance(function, ContainerMethod):
        return call_container_method(body, function, node)
    return _call_type(body, function, node, arguments) if isinstance(function, Type) else UNKNOWN


def _call_type(body: Body, function: Type, node: ast.Call, arguments: Arguments) -> AnyValue:
    """A value takes no call, unless it is an object with a `__call__`."""
    if isinstance(function, Instance) and function.kind == "script-class":
        called = instance_attribute(body, function, "__call__", node.func)
        return call_function(body, called, node, arguments) if isinstance(called, FunctionValue) else UNKNOWN
    if function.has_unknown or isinstance(function, Instance) or not body.need(function, node.func, "a call"):
        return UNKNOWN
    return body.report(ValueNotCallable(type=function, text=ast.unparse(node.func)), node)


def _call_bound(body: Body, function: BoundOperator, node: ast.Call, arguments: Arguments) -> AnyValue:
    name = function.name
    if function.receiver is TENSOR:
        special = call_tensor_method(body, function, node, arguments)
        if special is not None:
            return special
    positional, keywords = typed_arguments(body, arguments, name)
    if arguments.open:
        return UNKNOWN
    schemas = operators.overloads(name)
    receiver_node = function.node if function.node is not None else node.func
    found = resolve(schemas, [function.receiver, *positional], keywords)
    if isinstance(found, Match):
        return found.returns
    if isinstance(function.receiver, List) and _is_element_refused(
        body, function, name, positional, arguments, receiver_node
    ):
        return UNKNOWN
    nodes = [receiver_node, *arguments.nodes]
    return explain(
        body, attempt(node, name, schemas, [function.receiver, *positional], keywords, nodes, arguments.keyword_nodes)
    )


def _is_element_refused(
    body: Body, function: BoundOperator, name: str, positional: Sequence[Type], arguments: Arguments, holder: ast.expr
) -> bool:
    """`xs.append(value)` with a value that is no element of the list."""
    if name not in ("append", "insert", "extend") or not positional or not isinstance(function.receiver, List):
        return False
    element = positional[-1]
    if name == "extend":
        if not isinstance(element, List):
            return False
        element = element.element
    report_element(body, holder, arguments.nodes[-1] if arguments.nodes else holder, function.receiver, element)
    return True


def _special_form(body: Body, node: ast.Call, hint: Type | None) -> AnyValue | None:
    """Builtins and torch functions the compiler treats as syntax."""
    if isinstance(node.func, ast.Name) and body.frame.find(node.func.id) is not None:
        return None
    dotted = body.module.dotted(node.func)
    if dotted is None:
        return None
    if dotted.startswith("builtins."):
        return call_builtin(body, dotted.partition(".")[2], node, hint)
    form = TORCH_FORMS.get(dotted)
    return None if form is None else form(body, node, hint)
