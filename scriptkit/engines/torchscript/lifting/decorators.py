"""What the decorators of a method mean for its compiled form; the compiler itself drops them without a word."""

from __future__ import annotations

import abc
import ast
import builtins
import functools
import inspect
import typing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import torch
import typing_extensions

from scriptkit.engines.torchscript.lifting.autocasts import switches_off
from scriptkit.engines.torchscript.lifting.function_source import closure_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import FunctionType

GRAD_MODES: Final = {
    torch.no_grad: "no_grad",
    torch.inference_mode: "no_grad",
    torch.enable_grad: "enable_grad",
}
_TRANSPARENT: Final = {
    staticmethod,
    classmethod,
    property,
    functools.cached_property,
    abc.abstractmethod,
    typing.overload,
    typing.final,
    typing_extensions.override,
    typing_extensions.final,
    typing_extensions.overload,
    torch.compiler.disable,
    *(getattr(torch.jit, name) for name in ("export", "ignore", "unused", "_overload_method", "script_method")),
}


@dataclass(frozen=True)
class Decoration:
    """How a method's body has to be wrapped to mean what its decorators mean."""

    grad_modes: tuple[str, ...] = ()
    is_inference_mode: bool = False
    is_autocast: bool = False
    unknown: ast.expr | None = None


def read_decorators(function: FunctionType, tree: ast.FunctionDef) -> Decoration:
    """Read the decorators of a method from its source and from what they made of it.

    `function` is what the class holds; a decorator that returned its argument unchanged is none.
    """
    inner = inspect.unwrap(function)
    namespace = {**inner.__globals__, **closure_of(inner)}
    grad_modes: list[str] = []
    is_inference_mode = is_autocast = False
    for expression in tree.decorator_list:
        decorator = _resolve(expression, namespace)
        if isinstance(decorator, type) and decorator in GRAD_MODES and not _has_arguments(expression):
            grad_modes.append(GRAD_MODES[decorator])
            is_inference_mode |= decorator is torch.inference_mode
        elif _is_autocast(decorator):
            is_autocast |= not switches_off(expression, decorator)
        elif inner is not function and not _is_transparent(decorator, expression):
            return Decoration(unknown=expression)
    if inner is not function and not grad_modes and not is_autocast and not tree.decorator_list:
        return Decoration(unknown=ast.Name("a wrapper put round it later", lineno=1, col_offset=0))
    return Decoration(tuple(grad_modes), is_inference_mode, is_autocast)


def _resolve(expression: ast.expr, namespace: Mapping[str, Any]) -> object:
    """The object a decorator expression names, without running any call in it."""
    match expression:
        case ast.Call(func=function):
            return _resolve(function, namespace)
        case ast.Name(id=name):
            return namespace.get(name, getattr(builtins, name, None))
        case ast.Attribute(value=value, attr=attr):
            return getattr(_resolve(value, namespace), attr, None)
        case _:
            return None


def _has_arguments(expression: ast.expr) -> bool:
    return isinstance(expression, ast.Call) and bool(expression.args or expression.keywords)


def _is_autocast(decorator: object) -> bool:
    return isinstance(decorator, type) and issubclass(decorator, torch.autocast)


def _is_transparent(decorator: object, expression: ast.expr) -> bool:
    if isinstance(expression, ast.Attribute) and expression.attr in ("setter", "getter", "deleter"):
        return True
    marked = getattr(decorator, "__scriptkit_transparent__", False)
    return bool(marked) or any(decorator is known for known in _TRANSPARENT)
