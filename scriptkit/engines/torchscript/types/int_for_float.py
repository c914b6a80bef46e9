"""An `int` where a type says `float`: the compiler makes a float of it, Python does not."""

from __future__ import annotations

import inspect
import types
import typing
from typing import Any, Union

from scriptkit.diagnostics import Diagnostic
from scriptkit.engines.torchscript.lifting.annotations import resolved_signature
from scriptkit.engines.torchscript.lifting.declared import exported_methods
from scriptkit.engines.torchscript.lifting.function_source import SourceUnavailableError, function_source
from scriptkit.rules import rule_named

_defaults: dict[type, list[Diagnostic]] = {}


def has_int_for_float(value: Any, annotation: Any) -> bool:
    """Whether an `int` lies where a type says `float`; compiled code would have another number there."""
    if annotation is float:
        return type(value) is int
    parts = typing.get_args(annotation)
    if typing.get_origin(annotation) in (Union, types.UnionType):
        return int not in parts and any(has_int_for_float(value, part) for part in parts)
    if isinstance(value, list) and len(parts) == 1:
        return any(has_int_for_float(item, parts[0]) for item in value)
    if isinstance(value, dict) and len(parts) == 2:  # noqa: PLR2004 - keys and values
        return any(has_int_for_float(item, parts[1]) for item in value.values())
    if isinstance(value, tuple) and len(parts) == len(value):
        return any(map(has_int_for_float, value, parts))
    return False


def default_of_an_int(cls: type) -> list[Diagnostic]:
    """The methods called from outside that have an `int` as the default of a `float`: a file would have a float."""
    if cls not in _defaults:
        methods = {name: getattr(cls, name, None) for name in ("forward", *exported_methods(cls))}
        found = ((name, inspect.unwrap(method)) for name, method in methods.items() if method is not None)
        _defaults[cls] = [d for name, function in found for d in _in_defaults(cls, name, function)]
    return _defaults[cls]


def _in_defaults(cls: type, name: str, function: Any) -> list[Diagnostic]:
    if not isinstance(function, types.FunctionType) or not (function.__defaults__ or function.__kwdefaults__):
        return []
    parameters = resolved_signature(function).parameters.values()
    wrong = [p for p in parameters if p.default is not p.empty and has_int_for_float(p.default, p.annotation)]
    return [_diagnostic(cls, name, function, parameter) for parameter in wrong[:1]]


def _diagnostic(cls: type, name: str, function: types.FunctionType, parameter: inspect.Parameter) -> Diagnostic:
    try:
        source = function_source(function)
    except SourceUnavailableError:
        path, line, column, end = "<string>", 1, 1, 2
    else:
        every = [*source.tree.args.posonlyargs, *source.tree.args.args, *source.tree.args.kwonlyargs]
        node = next(argument for argument in every if argument.arg == parameter.name)
        path, line = source.path, source.first_line + node.lineno - 1
        column, end = node.col_offset + 1, (node.end_col_offset or node.col_offset) + 1
    rule = rule_named("int-for-float")
    return Diagnostic(
        path=path,
        line=line,
        column=column,
        end_line=line,
        end_column=end,
        code=rule.code,
        name=rule.name,
        message=f"`{parameter.name}` is declared with a `float`, and its default is the `int` {parameter.default!r}",
        label=rule.label,
        note=rule.note,
        help=rule.help,
        class_name=cls.__name__,
        method=name,
    )
