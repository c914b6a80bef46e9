"""Functions of torch that the compiler treats as syntax."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.inference.arguments import evaluate_arguments
from scriptkit.language.inference.conditions import call_test
from scriptkit.language.inference.functions_called import result_of
from scriptkit.language.inference.lookups import read_annotation
from scriptkit.language.problems.arguments import CallUnknownKwarg, TooManyArguments
from scriptkit.language.problems.calls import BuiltinSignature, TensorConstructor
from scriptkit.language.types import DEVICE, NONE, TENSOR, UNKNOWN, Future, List, Type, Union, is_optional
from scriptkit.language.values import FunctionValue

if TYPE_CHECKING:
    from collections.abc import Callable

    from scriptkit.language.abstract import AnyValue
    from scriptkit.language.inference.body import Body


def _call_annotate(body: Body, node: ast.Call, _hint: Type | None) -> AnyValue:
    if len(node.args) != 2:  # noqa: PLR2004 - the type and the value
        return body.report(BuiltinSignature(name="torch.jit.annotate", why="its arguments"), node)
    declared = read_annotation(body, node.args[0], "variable")
    body.value(node.args[1], declared)
    return declared


def _call_fork(body: Body, node: ast.Call, _hint: Type | None) -> AnyValue:
    arguments = evaluate_arguments(body, node)
    function = arguments.positional[0] if arguments.positional else UNKNOWN
    if isinstance(function, FunctionValue):
        result = result_of(body, function.facts, getattr(function.receiver, "cls", None))
        return Future(result) if isinstance(result, Type) else UNKNOWN
    return UNKNOWN


def _call_wait(body: Body, node: ast.Call, _hint: Type | None) -> AnyValue:
    arguments = evaluate_arguments(body, node)
    given = arguments.positional[0] if arguments.positional else UNKNOWN
    return given.element if isinstance(given, Future) else UNKNOWN


def _call_device(body: Body, node: ast.Call, _hint: Type | None) -> AnyValue:
    evaluate_arguments(body, node)
    return DEVICE


def _call_opaque(body: Body, node: ast.Call, _hint: Type | None) -> AnyValue:
    evaluate_arguments(body, node)
    return UNKNOWN


def _call_nothing(body: Body, node: ast.Call, _hint: Type | None) -> AnyValue:
    evaluate_arguments(body, node)
    return NONE


def _call_warn(body: Body, node: ast.Call, _hint: Type | None) -> AnyValue:
    """`warnings.warn(text)`, with a `stacklevel` at most: a category is a class, which is no value."""
    for keyword in node.keywords:
        if keyword.arg == "category":
            body.report(CallUnknownKwarg(function="warnings.warn", keyword="category", replacement=""), keyword.value)
            return NONE
    if len(node.args) > 1 and not (isinstance(node.args[1], ast.Constant) and type(node.args[1].value) is int):
        body.report(TooManyArguments(function="warnings.warn", count=len(node.args), maximum=1), node)
        return NONE
    return _call_nothing(body, node, _hint)


def _call_tensor(body: Body, node: ast.Call, _hint: Type | None) -> AnyValue:
    """`torch.tensor(data)`: numbers, bools, or lists of one kind of them."""
    arguments = evaluate_arguments(body, node)
    given = arguments.positional[0] if arguments.positional else UNKNOWN
    element = given
    while isinstance(element, List):
        element = element.element
    mixed = element is TENSOR or isinstance(element, Union)
    if isinstance(given, List) and isinstance(element, Type) and not element.has_unknown and mixed:
        return body.report(TensorConstructor(element=element), node)
    if isinstance(given, Type) and is_optional(given):
        return body.not_refined(given, node.args[0], "torch.tensor")
    return TENSOR


TORCH_FORMS: dict[str, Callable[[Body, ast.Call, Type | None], AnyValue]] = {
    "torch.jit.annotate": _call_annotate,
    "torch.jit.is_scripting": call_test,
    "torch.jit.is_tracing": call_test,
    "torch.compiler.is_compiling": call_test,
    "torch.jit.fork": _call_fork,
    "torch.jit._fork": _call_fork,
    "torch.jit.wait": _call_wait,
    "torch.jit._wait": _call_wait,
    "torch.jit.isinstance": call_test,
    "torch.jit.unchecked_cast": _call_opaque,
    "torch.device": _call_device,
    "torch.tensor": _call_tensor,
    "torch._assert": _call_nothing,
    "torch.einsum": _call_opaque,
    "torch.functional.einsum": _call_opaque,
    "warnings.warn": _call_warn,
    **dict.fromkeys(("torch.unique", "torch.unique_consecutive", "torch.functional.unique"), _call_opaque),
}
