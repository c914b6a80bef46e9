"""What the source of a function calls, as far as it shows without running anything."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from scriptkit.engines.torchscript.lifting.function_source import closure_of, function_source, mangled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FunctionType


def module_classes_checked(
    node: ast.AST, local_names: set[str], look_up: Callable[[str], object]
) -> list[type[torch.nn.Module]]:
    """The module classes that a call of `isinstance` names; none if it names anything else."""
    match node:
        case ast.Call(func=ast.Name(id="isinstance"), args=[_, classes], keywords=[]):
            expressions = classes.elts if isinstance(classes, ast.Tuple) else [classes]
        case _:
            return []
    found = [object_named(expression, local_names, look_up) for expression in expressions]
    modules = [cls for cls in found if isinstance(cls, type) and issubclass(cls, torch.nn.Module)]
    return modules if len(modules) == len(found) else []


def object_named(expression: ast.expr, local_names: set[str], look_up: Callable[[str], object]) -> object:
    """What a dotted name stands for; None for locals and anything else."""
    path = dotted_names(expression)
    if path is None or path[0] in local_names:
        return None
    value = look_up(path[0])
    for name in path[1:]:
        value = getattr(value, name, None)
    return value


def mark_of(cls: type) -> str:
    """The attribute that marks instances of a class for compiled code."""
    return "_is_" + re.sub(r"\W+", "_", f"{cls.__module__}.{cls.__qualname__}")


@dataclass(frozen=True)
class Calls:
    """What a function calls: methods of its `self`, and functions by name."""

    methods: list[str]
    functions: list[object]


def calls_in(function: FunctionType) -> Calls:
    """The calls in a function, those under a test of `is_scripting` left out."""
    tree = function_source(function).tree
    self_name = tree.args.args[0].arg if tree.args.args else ""
    namespace = {**function.__globals__, **closure_of(function)}
    methods: list[str] = []
    functions: list[object] = []
    for node in _unguarded(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=name)) if owner == self_name:
                methods.append(mangled(name, function))
            case ast.Call(func=ast.Name(id=name)) if name in namespace:
                functions.append(namespace[name])
            case _:
                pass
    return Calls(methods, functions)


def _unguarded(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and "is_scripting" in ast.unparse(child.test)):
            yield from _unguarded(child)


def dotted_names(node: ast.expr) -> list[str] | None:
    """`a.b.c` as its names."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.insert(0, node.attr)
        node = node.value
    return [node.id, *names] if isinstance(node, ast.Name) else None
