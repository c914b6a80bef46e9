"""Archived code read as what it nearly is: Python."""

from __future__ import annotations

import ast

from scriptkit.errors import ArtifactError


def parsed(name: str, text: bytes) -> ast.Module:
    """The syntax tree of one code entry; raises ArtifactError when it has none."""
    try:
        return ast.parse(text.decode())  # as text: bytes could choose their own encoding
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        message = f"the archived code `{name}` cannot be read: {error}"
        raise ArtifactError(message) from error
