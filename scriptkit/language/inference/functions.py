"""Typing one function: its parameters, its body, what it returns."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.inference.body import Body
from scriptkit.language.inference.frames import Binding
from scriptkit.language.inference.handlers import HANDLERS
from scriptkit.language.inference.lookups import read_annotation
from scriptkit.language.inference.session import Session, has_type_comment
from scriptkit.language.problems.arguments import (
    DefaultNotOfType,
    UnannotatedParamNoneDefault,
    UnannotatedParamNotTensor,
)
from scriptkit.language.problems.variables import MissingReturnPath
from scriptkit.language.types import (
    BOOL,
    COMPLEX,
    CONSTANTS,
    DEVICE,
    FLOAT,
    INT,
    NONE,
    STR,
    TENSOR,
    UNKNOWN,
    Instance,
    Type,
    is_subtype,
    unify,
    without_none,
)
from scriptkit.language.values import ModuleValue

if TYPE_CHECKING:
    from scriptkit.language.abstract import AnyValue
    from scriptkit.language.facts import ClassFacts, FunctionFacts
    from scriptkit.language.inference.sink import Sink

DEFAULTS_CONVERTED = frozenset(
    {(INT, FLOAT), (BOOL, INT), (BOOL, FLOAT), (INT, COMPLEX), (FLOAT, COMPLEX), (STR, DEVICE)}
    | {(INT, BOOL), (FLOAT, BOOL), (NONE, BOOL)}
)


def type_function(session: Session, facts: FunctionFacts, cls: ClassFacts | None, sink: Sink) -> AnyValue:
    """Type a function; gives what it returns."""
    return _run(Body(session, facts, cls, sink, HANDLERS))


def _run(body: Body) -> AnyValue:
    node = body.facts.node
    overloaded = body.facts.owner is not None and body.facts.name in body.facts.owner.overloaded
    if isinstance(node, ast.AsyncFunctionDef) or overloaded or has_type_comment(body.module, node):
        return UNKNOWN
    _bind_parameters(body)
    if node.returns is not None:
        body.declared = read_annotation(body, node.returns, "return")
    exits = body.block(node.body)
    _check_unannotated_defaults(body)
    if not exits and not body.maybe_exited:
        _falls_off(body, node)
    if body.declared is not None:
        return body.declared
    return NONE if body.returned is None else body.returned


def _falls_off(body: Body, node: ast.FunctionDef) -> None:
    if body.declared is not None:
        if body.declared is not NONE and not body.declared.has_unknown and not _is_stub(node):
            body.report(MissingReturnPath(declared=body.declared), node)
    elif isinstance(body.returned, Type):
        joined = unify(body.returned, NONE)
        body.returned = UNKNOWN if joined is None else joined


def _bind_parameters(body: Body) -> None:
    facts = body.facts
    for index, parameter in enumerate(facts.parameters):
        value: AnyValue
        if index == 0 and facts.self_name is not None:
            value = _self_value(body)
        elif parameter.kind in ("varargs", "kwargs"):
            value = UNKNOWN
        elif parameter.annotation is None:
            value = TENSOR
            if isinstance(parameter.default, ast.Constant) and parameter.default.value is None:
                with body.doubtful():  # it compiles, and raises for callers that leave the argument out
                    body.report(UnannotatedParamNoneDefault(name=parameter.name), parameter.node)
        else:
            value = read_annotation(body, parameter.annotation, "parameter")
            _check_default(body, parameter.name, value, parameter.default)
        body.frame.bind(parameter.name, Binding(value, parameter.node))


def _check_unannotated_defaults(body: Body) -> None:
    """A default of another type betrays a parameter without annotation, unless a use has done so already."""
    for parameter in body.facts.parameters:
        default = parameter.default
        if parameter.annotation is not None or not isinstance(default, ast.Constant) or default.value is None:
            continue
        if parameter.node not in body.sink.blamed:
            kind = CONSTANTS.get(type(default.value))
            text = ast.unparse(default)
            body.report(
                UnannotatedParamNotTensor(name=parameter.name, default=text, use="", guess=kind), parameter.node
            )


def _self_value(body: Body) -> AnyValue:
    cls = body.cls
    if cls is None or body.facts.kind == "class":
        return UNKNOWN
    return ModuleValue(cls.name, cls) if cls.is_module else Instance(cls, "script-class")


def _check_default(body: Body, name: str, declared: Type, default: ast.expr | None) -> None:
    if not isinstance(default, ast.Constant) or declared.has_unknown or type(default.value) not in CONSTANTS:
        return
    given = CONSTANTS[type(default.value)]
    if declared is TENSOR and given is NONE:
        with body.doubtful():
            body.report(DefaultNotOfType(name=name, declared=declared, default="None"), default)
    elif not is_subtype(given, declared) and (given, without_none(declared)) not in DEFAULTS_CONVERTED:
        body.report(DefaultNotOfType(name=name, declared=declared, default=ast.unparse(default)), default)


def _is_stub(node: ast.FunctionDef) -> bool:
    """A body that only raises, or is empty."""
    return all(isinstance(s, (ast.Pass, ast.Expr)) for s in node.body)
