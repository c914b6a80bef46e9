"""The arguments of a call, evaluated."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from scriptkit.language.problems.arguments import StarArgsCall
from scriptkit.language.problems.modules import ModuleArgument
from scriptkit.language.types import List, Tuple, Type
from scriptkit.language.values import ContainerValue, ModuleValue

if TYPE_CHECKING:
    from scriptkit.language.abstract import AnyValue
    from scriptkit.language.inference.body import Body


class Arguments(NamedTuple):
    """The evaluated arguments of a call; `open` where `*xs` or `**kw` of unknown length is among them."""

    nodes: list[ast.expr]
    positional: list[AnyValue]
    keywords: dict[str, AnyValue]
    keyword_nodes: dict[str, ast.expr]
    open: bool


def evaluate_arguments(body: Body, node: ast.Call) -> Arguments:
    """Evaluate the arguments of a call."""
    nodes: list[ast.expr] = []
    positional: list[AnyValue] = []
    is_open = False
    for argument in node.args:
        if not isinstance(argument, ast.Starred):
            nodes.append(argument)
            positional.append(body.value(argument))
            continue
        inner = body.value(argument.value)
        if isinstance(inner, Tuple):
            nodes.extend([argument.value] * len(inner.elements))
            positional.extend(inner.elements)
            continue
        is_open = True
        if isinstance(inner, List):
            body.report(StarArgsCall(function=ast.unparse(node.func), type=inner), argument)
    keywords, keyword_nodes = {}, {}
    for keyword in node.keywords:
        value = body.value(keyword.value)
        if keyword.arg is None:
            is_open = True
        else:
            keywords[keyword.arg], keyword_nodes[keyword.arg] = value, keyword.value
    return Arguments(nodes, positional, keywords, keyword_nodes, is_open)


def typed_arguments(body: Body, arguments: Arguments, function: str) -> tuple[list[Type], dict[str, Type]]:
    """Arguments that must be values."""
    positional = [
        _typed_argument(body, v, n, function) for v, n in zip(arguments.positional, arguments.nodes, strict=False)
    ]
    keywords = {
        k: _typed_argument(body, v, arguments.keyword_nodes[k], function) for k, v in arguments.keywords.items()
    }
    return positional, keywords


def _typed_argument(body: Body, value: AnyValue, node: ast.expr, function: str) -> Type:
    if isinstance(value, (ModuleValue, ContainerValue)) and not body.unsure_module(value):
        return body.report(ModuleArgument(type=value, function=function), node)
    return body.as_type(value, node, f"argument of `{function}`")
