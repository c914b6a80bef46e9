"""Archived code read as what it nearly is: Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.errors import ArtifactError
from scriptkit.language.parsing import syntax_tree

if TYPE_CHECKING:
    import ast


def parsed(name: str, text: bytes) -> ast.Module:
    """The syntax tree of one code entry; raises ArtifactError when it has none."""
    try:
        return syntax_tree(text.decode())  # as text: bytes could choose their own encoding
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        message = f"the archived code `{name}` cannot be read: {error}"
        raise ArtifactError(message) from error
