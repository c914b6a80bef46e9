"""Archived code read as what it nearly is: Python."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.artifact.literals import literal_text, literal_value
from scriptkit.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def parsed(name: str, text: bytes) -> ast.Module:
    """The syntax tree of one code entry; raises ArtifactError when it has none."""
    try:
        return ast.parse(text.decode())  # as text: bytes could choose their own encoding
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        message = f"the archived code `{name}` cannot be read: {error}"
        raise ArtifactError(message) from error


def class_constants(contents: Mapping[str, bytes]) -> dict[str, dict[str, str]]:
    """The constants of each class by its qualified name; those that are no simple values are left out."""
    found: dict[str, dict[str, str]] = {}
    for name, text in contents.items():
        if name.startswith("code/") and name.endswith(".py"):
            module = name.removeprefix("code/").removesuffix(".py").replace("/", ".")
            for statement in parsed(name, text).body:
                if isinstance(statement, ast.ClassDef):
                    found[f"{module}.{statement.name}"] = dict(_constants(statement))
    return found


def _constants(cls: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for statement in cls.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value:
            try:
                yield statement.target.id, literal_text(literal_value(ast.unparse(statement.value)))
            except (ValueError, KeyError):
                continue
