"""Parsing Python, one text at a time: threads that build syntax trees at once disturb each other in CPython 3.11."""

from __future__ import annotations

import ast
import threading
from typing import Any, Literal, overload

_PARSING = threading.Lock()


@overload
def syntax_tree(text: str | bytes, path: str = ..., *, mode: Literal["exec"] = ...) -> ast.Module: ...
@overload
def syntax_tree(text: str | bytes, path: str = ..., *, mode: Literal["eval"]) -> ast.Expression: ...
def syntax_tree(text: str | bytes, path: str = "<string>", *, mode: Literal["exec", "eval"] = "exec") -> Any:
    """What `ast.parse` gives; without a lock it raises `SystemError` where several threads parse."""
    with _PARSING:
        return ast.parse(text, path, mode=mode)
