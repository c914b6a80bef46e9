"""Calls of classes of the file."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.annotations import class_type
from scriptkit.language.inference.arguments import Arguments, typed_arguments
from scriptkit.language.inference.explanations import attempt, explain
from scriptkit.language.inference.functions_called import result_of
from scriptkit.language.inference.matching import Match, resolve
from scriptkit.language.operators import Argument, Schema
from scriptkit.language.problems.classes import DataclassLimits, DataclassNotScripted, EnumLimits, ScriptClassLimits
from scriptkit.language.problems.modules import ModuleCreated
from scriptkit.language.types import NONE, UNKNOWN, Instance, Tuple

if TYPE_CHECKING:
    from scriptkit.language.abstract import AnyValue
    from scriptkit.language.facts import ClassFacts
    from scriptkit.language.inference.body import Body


def construct(body: Body, cls: ClassFacts, node: ast.Call, arguments: Arguments) -> AnyValue:
    """An object of a class of the file."""
    if cls.is_module:
        return body.report(ModuleCreated(name=cls.name), node)
    if cls.kind == "enum":
        return body.report(EnumLimits(what="lookup", text=ast.unparse(node)), node)
    if cls.kind == "dataclass":
        return body.report(DataclassNotScripted(name=cls.name), node)
    if cls.kind == "namedtuple":
        return _construct_tuple(body, cls, node, arguments)
    limit = _dataclass_limit(cls)
    if cls.kind == "script-class" and limit is not None:
        return body.report(DataclassLimits(name=cls.name, what=ast.unparse(limit)), node, limit)
    if cls.kind in ("script-class", "plain") and _is_deprecated(cls):
        return body.report(ScriptClassLimits(name=cls.name, what="deprecated"), node, cls.node)
    if cls.kind != "script-class" and (cls.kind != "plain" or cls.foreign_bases or cls.node.decorator_list):
        return UNKNOWN
    return _construct_script_class(body, cls, node, arguments)


def _is_deprecated(cls: ClassFacts) -> bool:
    """Whether `@deprecated("...")` stands above a class."""
    marks = (cls.module.dotted(one.func) for one in cls.node.decorator_list if isinstance(one, ast.Call))
    return not {"warnings.deprecated", "typing.deprecated"}.isdisjoint(marks)


def _construct_tuple(body: Body, cls: ClassFacts, node: ast.Call, arguments: Arguments) -> AnyValue:
    result = class_type(cls, body.annotations)
    positional, keywords = typed_arguments(body, arguments, cls.name)
    if arguments.open or not isinstance(result, Tuple):
        return result
    formals = [
        Argument(name, kind, name in cls.class_values, keyword_only=False, length=0)
        for name, kind in zip(result.fields, result.elements, strict=False)
    ]
    schema = Schema(cls.name, tuple(formals), result, internal=True)
    found = resolve([schema], positional, keywords)
    if not isinstance(found, Match):
        explain(body, attempt(node, cls.name, [schema], positional, keywords, arguments.nodes, arguments.keyword_nodes))
    return result


def _construct_script_class(body: Body, cls: ClassFacts, node: ast.Call, arguments: Arguments) -> AnyValue:
    result = Instance(cls, "script-class")
    if cls.local_bases:
        return body.report(ScriptClassLimits(name=cls.name, what="inheritance"), node, cls.node)
    init = cls.methods.get("__init__")
    positional, keywords = typed_arguments(body, arguments, cls.name)
    if init is None or arguments.open:
        return result
    result_of(body, init, cls)
    schema = body.session.schema(init, NONE)
    found = resolve([schema], positional, keywords)
    if isinstance(found, Match):
        return result
    failure = found[0]
    parameter = next((p for p in init.parameters if p.name == failure.parameter), None)
    if failure.reason == "type" and parameter is not None and parameter.annotation is None:
        body.report(ScriptClassLimits(name=cls.name, what="untyped-init"), node, parameter.node)
        return UNKNOWN
    explain(body, attempt(node, cls.name, [schema], positional, keywords, arguments.nodes, arguments.keyword_nodes))
    return result


def _dataclass_limit(cls: ClassFacts) -> ast.expr | None:
    """What a scripted dataclass may not have: a default factory."""
    for value in cls.class_values.values():
        if isinstance(value, ast.Call) and any(keyword.arg == "default_factory" for keyword in value.keywords):
            return value
    return None
