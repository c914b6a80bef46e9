"""What a loop can run over, and the builtins that make such things: `range`, `enumerate`, `zip`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.inference.arguments import evaluate_arguments
from scriptkit.language.inference.blaming import blame_parameter
from scriptkit.language.problems.calls import BuiltinSignature, RangeForms, UnsupportedBuiltin
from scriptkit.language.problems.containers import NotIterable
from scriptkit.language.problems.modules import ModuleContainerReversed, ZipLengthMismatch
from scriptkit.language.problems.variables import IntPow
from scriptkit.language.types import FLOAT, INT, STR, TENSOR, UNKNOWN, Dict, Instance, List, Tuple, Type
from scriptkit.language.values import ClassValue, ContainerValue, Iteration, ModuleValue, TupleValue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scriptkit.language.abstract import AnyValue
    from scriptkit.language.inference.body import Body


def iterate(body: Body, value: AnyValue, node: ast.expr) -> Iteration:
    """What a loop over a value runs over; what cannot be iterated is a problem."""
    if isinstance(value, Iteration):
        return value
    if isinstance(value, ContainerValue):
        return _container_iteration(value)
    if isinstance(value, TupleValue):
        return Iteration("tuple", UNKNOWN, unrolled=True, items=value.items)
    if isinstance(value, ClassValue) and value.cls.kind == "enum":
        return Iteration("enum", Instance(value.cls, "enum"), unrolled=True)
    if not isinstance(value, Type):
        return Iteration("unknown", UNKNOWN)
    return _type_iteration(body, value, node)


def _type_iteration(body: Body, value: Type, node: ast.expr) -> Iteration:
    if isinstance(value, Tuple):
        return Iteration("tuple", UNKNOWN, unrolled=True, items=value.elements)
    if isinstance(value, List):
        return Iteration("list", value.element)
    if isinstance(value, Dict):
        return Iteration("dict", value.key)
    if value in (TENSOR, STR):
        return Iteration(str(value), value)
    if value.has_unknown or (isinstance(value, Instance) and value.kind == "interface"):
        return Iteration("unknown", UNKNOWN)
    if body.need(value, node, "a loop"):
        body.report(NotIterable(type=value), node)
    return Iteration("unknown", UNKNOWN)


def _container_iteration(value: ContainerValue) -> Iteration:
    if value.kind in ("ModuleDict", "ParameterDict"):
        return Iteration(value.kind, STR, unrolled=True)
    element = value.element or UNKNOWN
    if value.sliced and value.kind in ("ModuleList", "Sequential"):
        name = element.name if isinstance(element, ModuleValue) else ""
        cls = element.cls if isinstance(element, ModuleValue) else None
        return Iteration(value.kind, ModuleValue(name, cls, sliced=True), unrolled=True)
    return Iteration(value.kind, element, unrolled=True, items=value.items)


def call_range(body: Body, node: ast.Call, _hint: Type | None) -> AnyValue:
    """`range(...)`."""
    arguments = evaluate_arguments(body, node)
    for value, argument in zip(arguments.positional, arguments.nodes, strict=True):
        if not _counts(body, body.as_type(value, argument, "range"), argument, node):
            break
    return Iteration("range", INT)


def _counts(body: Body, found: Type, argument: ast.expr, node: ast.Call) -> bool:
    """Whether a bound of `range`, or the start of `enumerate`, is an int, as it must be."""
    if found.has_unknown or found is INT:
        return True
    if isinstance(argument, ast.BinOp) and isinstance(argument.op, ast.Pow) and found is FLOAT:
        body.report(IntPow(use="range"), argument)
    elif body.need(found, argument, "range") and not blame_parameter(body, [argument], node):
        body.report(RangeForms(why=str(found)), node)
    return False


def call_enumerate(body: Body, node: ast.Call, _hint: Type | None) -> AnyValue:
    """`enumerate(xs, start)`."""
    extra = [*node.args[1:], *(keyword.value for keyword in node.keywords)]
    if not node.args or len(extra) > 1 or any(keyword.arg != "start" for keyword in node.keywords):
        evaluate_quietly(body, node)
        return body.report(BuiltinSignature(name="enumerate", why="its arguments"), node)
    for start in extra:
        _counts(body, body.type(start, use="range"), start, node)
    run = iterate(body, body.value(node.args[0]), node.args[0])
    items = None if run.items is None else tuple(_pair(INT, item) for item in run.items)
    kind = "unknown" if run.kind == "unknown" else "enumerate"
    return Iteration(kind, _pair(INT, run.element), unrolled=run.unrolled, items=items)


def call_zip(body: Body, node: ast.Call, _hint: Type | None) -> AnyValue:
    """`zip(xs, ys)`: unrolled where one of them is."""
    if any(isinstance(a, ast.Starred) for a in node.args):
        evaluate_quietly(body, node)
        return body.report(BuiltinSignature(name="zip", why="`*`"), node)
    values = [body.value(argument) for argument in node.args]
    runs = [iterate(body, value, argument) for value, argument in zip(values, node.args, strict=False)]
    unrolled = [run for run in runs if run.unrolled]
    if unrolled and len(unrolled) < len(runs):
        known_dynamic = [
            a
            for a, r in zip(node.args, runs, strict=False)
            if not r.unrolled and r.kind != "unknown" and not _is_constant(body, a)
        ]
        sure = [a for a, r in zip(node.args, runs, strict=False) if r.unrolled]
        if known_dynamic:
            body.report(ZipLengthMismatch(container=ast.unparse(sure[0]), other=ast.unparse(known_dynamic[0])), node)
        return Iteration("zip", UNKNOWN, unrolled=True)
    items = None
    if runs and all(run.items is not None for run in runs):
        items = tuple(_paired(parts) for parts in zip(*(run.items or () for run in runs), strict=False))
    kind = "unknown" if any(run.kind == "unknown" for run in runs) else "zip"
    return Iteration(kind, _paired([run.element for run in runs]), unrolled=bool(unrolled), items=items)


def _is_constant(body: Body, node: ast.expr) -> bool:
    """Whether an expression is an attribute that is a constant: a list of that kind is unrolled."""
    if not isinstance(node, ast.Attribute):
        return False
    holder = body.value(node.value)
    attribute = holder.cls.attributes.get(node.attr) if isinstance(holder, ModuleValue) and holder.cls else None
    return attribute is not None and (attribute.final or attribute.constant)


def call_reversed(body: Body, node: ast.Call, _hint: Type | None) -> AnyValue:
    """`reversed(xs)`, which the compiler lacks."""
    arguments = evaluate_arguments(body, node)
    if arguments.positional and isinstance(arguments.positional[0], ContainerValue):
        return body.report(ModuleContainerReversed(text=ast.unparse(node.args[0])), node)
    return body.report(UnsupportedBuiltin(name="reversed"), node)


def _pair(first: AnyValue, second: AnyValue) -> AnyValue:
    return _paired([first, second])


def _paired(parts: Sequence[AnyValue]) -> AnyValue:
    if all(isinstance(part, Type) for part in parts):
        return Tuple([part for part in parts if isinstance(part, Type)])
    return TupleValue(tuple(parts))


def evaluate_quietly(body: Body, node: ast.Call) -> None:
    """Read arguments for their own problems, functions among them being no further one."""
    for argument in node.args:
        if not isinstance(argument, ast.Lambda):
            body.value(argument)
