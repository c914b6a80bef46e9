"""Parsing Python, one text at a time: threads that build syntax trees at once disturb each other in CPython 3.11."""

from __future__ import annotations

import ast
import threading
from typing import Any, Final, Literal, overload

PARSING: Final = threading.RLock()
"""What parses in the middle of something longer holds it all the while: torch's compiler, and the import of a room.

Two threads that import rooms of the package in another order would see half of them, too.
"""
_ATTEMPTS: Final = 8
TYPE_STATEMENTS: Final[tuple[Any, ...]] = (ast.TypeAlias,) if hasattr(ast, "TypeAlias") else ()
"""`type X = ...`, which Python knows since 3.12."""


@overload
def syntax_tree(text: str | bytes, path: str = ..., *, mode: Literal["exec"] = ...) -> ast.Module: ...
@overload
def syntax_tree(text: str | bytes, path: str = ..., *, mode: Literal["eval"]) -> ast.Expression: ...
def syntax_tree(text: str | bytes, path: str = "<string>", *, mode: Literal["exec", "eval"] = "exec") -> Any:
    """What `ast.parse` gives; without a lock it raises `SystemError` where several threads parse.

    Code that knows nothing of the lock may parse in another thread all the same: then it is done again.
    """
    with PARSING:
        for _ in range(_ATTEMPTS):
            try:
                return ast.parse(text, path, mode=mode)
            except SystemError:
                continue
        return ast.parse(text, path, mode=mode)
