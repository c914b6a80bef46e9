"""Cells of a notebook: their text is read together with what other cells have defined.

The text of a cell is all there is to read, and the imports usually stand in another one. So one line is put before it
that gives each name the cell uses the meaning it has in the running program.
"""

from __future__ import annotations

import ast
import builtins
import sys
from dataclasses import replace
from pathlib import Path
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from scriptkit.language.parsing import syntax_tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from scriptkit.diagnostics import Diagnostic

CONSTANTS = (bool, int, float, str)


def is_cell(path: str) -> bool:
    """Whether Python knows a text under this name that is no file."""
    return not Path(path).is_file()


def with_names(text: str, names: Mapping[str, Any]) -> str:
    """The text of a cell after one line that says what its names from other cells are."""
    statements = [_statement(name, names[name]) for name in sorted(_used(text)) if name in names]
    return "; ".join(statements) + "\n" + text


def in_the_cell(findings: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The findings at the lines they have in the cell alone."""
    return [
        replace(
            one,
            line=one.line - 1,
            end_line=one.end_line - 1,
            secondary=tuple(
                replace(label, line=label.line - 1, end_line=label.end_line - 1)
                for label in one.secondary
                if label.line > 1
            ),
        )
        for one in findings
    ]


def _used(text: str) -> set[str]:
    """The names a text reads, but for those that it defines at its top."""
    tree = syntax_tree(text)
    read = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    defined = {
        name
        for statement in tree.body
        for node in ([statement] if isinstance(statement, (ast.ClassDef, ast.FunctionDef)) else ast.walk(statement))
        for name in _defined_by(node)
    }
    return read - defined - vars(builtins).keys()


def _defined_by(node: ast.AST) -> list[str]:
    match node:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
            return [name]
        case ast.Name(id=name, ctx=ast.Store()):
            return [name]
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            return [alias.asname or alias.name.partition(".")[0] for alias in aliases]
    return []


def _statement(name: str, value: Any) -> str:
    """Source that gives a name its meaning, as far as source can."""
    if isinstance(value, ModuleType):
        return f"import {value.__name__} as {name}" if value.__name__ != name else f"import {name}"
    if type(value) in CONSTANTS:
        return f"{name} = {value!r}"
    module, original = _home(name, value)
    return f"from {module} import {original} as {name}" if original != name else f"from {module} import {name}"


def _home(name: str, value: Any) -> tuple[str, str]:
    """Where a class or function can be imported from; of anything else only that it is there."""
    if isinstance(value, (type, FunctionType)):
        for module, original in _public_homes(value):
            if getattr(sys.modules.get(module), original, None) is value:
                return module, original
    return "__main__", name


def _public_homes(value: Any) -> Iterable[tuple[str, str]]:
    """`torch.nn.Linear` before `torch.nn.modules.linear.Linear`: the outermost package that has it."""
    parts, original = value.__module__.split("."), value.__name__
    return [(".".join(parts[:length]), original) for length in range(1, len(parts) + 1)]
