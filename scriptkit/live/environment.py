"""Where code reads the clock, the environment or another source that no comparison of two runs reliably shows."""

from __future__ import annotations

import ast
import datetime as dt
import inspect
import os
import secrets
import textwrap
import time
import types
import uuid
from typing import TYPE_CHECKING, Any

from scriptkit.language.parsing import syntax_tree
from scriptkit.live.places import Place, is_project_code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn

CHANGING = (time, dt, os, uuid, secrets)
MODES = {"is_inference_mode_enabled", "is_autocast_enabled", "get_autocast_dtype", "get_default_dtype"}
"""Functions of torch whose answer depends on what runs round the call."""


def readings(module: nn.Module) -> list[Place]:
    """Every place in the project code of a tree that reads the clock or the environment."""
    seen: set[types.CodeType] = set()
    found: list[Place] = []
    for kind in dict.fromkeys(type(part) for part in module.modules()):
        found += _in_function(getattr(kind, "forward", None), kind, seen)
    return found


def _in_function(function: Any, owner: type | None, seen: set[types.CodeType]) -> Iterator[Place]:
    function = inspect.unwrap(function) if callable(function) else function
    if not isinstance(function, types.FunctionType) or function.__code__ in seen:
        return
    code = function.__code__
    seen.add(code)
    if not is_project_code(code.co_filename):
        return
    if any(name in MODES or _is_changing(function.__globals__.get(name)) for name in code.co_names):
        yield from _readings_in(function)
    for name in code.co_names:
        yield from _in_function(function.__globals__.get(name), None, seen)
        if owner is not None:
            yield from _in_function(inspect.getattr_static(owner, name, None), owner, seen)


def _is_changing(value: Any) -> bool:
    return (
        value in CHANGING
        if isinstance(value, types.ModuleType)
        else getattr(value, "__module__", None) in {"time", "datetime"}
    )


def _readings_in(function: types.FunctionType) -> Iterator[Place]:
    try:
        tree = syntax_tree(textwrap.dedent(inspect.getsource(function)))
    except (OSError, SyntaxError):
        return
    code, first = function.__code__, function.__code__.co_firstlineno
    for node in ast.walk(tree):
        called = node.func if isinstance(node, ast.Call) else None
        root = called.value if isinstance(called, ast.Attribute) else called
        is_mode = (called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")) in MODES
        while isinstance(root, ast.Attribute):
            root = root.value
        if (
            isinstance(node, ast.Call)
            and isinstance(root, ast.Name)
            and (is_mode or _is_changing(function.__globals__.get(root.id)))
        ):
            line, end = first + node.lineno - 1, first + (node.end_lineno or node.lineno) - 1
            indent = _indent(function)
            yield Place(
                code.co_filename,
                line,
                node.col_offset + 1 + indent,
                end,
                (node.end_col_offset or 0) + 1 + indent,
                in_project=True,
                function=function.__qualname__,
            )


def _indent(function: types.FunctionType) -> int:
    text = inspect.getsource(function)
    return len(text) - len(text.lstrip())
