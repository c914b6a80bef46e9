"""Tracebacks through the user's lines, as if Python had run them."""

from __future__ import annotations

import ast
import inspect
import linecache
from types import CodeType, TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, cast

import torch

from scriptkit.language.parsing import syntax_tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scriptkit.errors import CompilationError


RECORDED_FROM: set[str] = set()
"""Files in which recordings begin: what lies outside of them is not the user's."""
PASSED_OVER: set[str] = {inspect.getfile(torch.nn.Module)}
"""Files that stand between two lines of the user's in a recording."""

_NAMES = [name for name in ("co_name", "co_qualname") if hasattr(CodeType, name)]
"""What a function is called in its code; Python 3.10 has the first alone."""


class UserFrame(NamedTuple):
    """A line of the user's code on the way to an error."""

    path: str
    line: int
    function: str


def with_user_frames(error: BaseException, frames: Sequence[UserFrame]) -> BaseException:
    """Give an error a traceback through these lines, outermost first."""
    traceback: TracebackType | None = None
    for frame in reversed(frames):
        here = _raise_at(frame)
        traceback = TracebackType(traceback, here.tb_frame, here.tb_lasti, here.tb_lineno)
    return error.with_traceback(traceback)


def function_at(path: str, line: int) -> str | None:
    """The name of the innermost function that holds a line of a file."""
    try:
        tree = syntax_tree("".join(linecache.getlines(path)))
    except SyntaxError:
        return None
    holding = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    return max(holding, key=lambda node: node.lineno).name if holding else None


def _raise_at(frame: UserFrame) -> TracebackType:
    """A traceback entry at a line of the user's file."""
    text = linecache.getline(frame.path, frame.line).rstrip("\n")
    statement = syntax_tree("raise _Here").body[0]
    for node in ast.walk(statement):
        if isinstance(node, ast.expr | ast.stmt):
            node.lineno = node.end_lineno = frame.line
            node.col_offset = len(text.encode()) - len(text.encode().lstrip())
            node.end_col_offset = max(len(text.encode()), node.col_offset + 1)
    code = compile(ast.Module([statement], []), frame.path, "exec")
    try:
        named: dict[str, Any] = dict.fromkeys(_NAMES, frame.function)
        exec(code.replace(**named), {"_Here": _Here})  # noqa: S102 - two words
    except _Here as here:
        outer = cast("TracebackType", here.__traceback__)
        return cast("TracebackType", outer.tb_next)
    raise AssertionError


class _Here(Exception):  # noqa: N818 - not an error: it makes a frame
    """Raised to get a frame object."""


def raise_at_user_line(error: CompilationError) -> NoReturn:
    """Raise an error whose traceback shows the user's constructor call and the first failing line."""
    if not error.diagnostics:
        raise error.with_traceback(None) from None
    first = error.diagnostics[0]
    frame = UserFrame(first.path, first.line, first.method or first.class_name or "<module>")
    raise with_user_frames(error, [frame]) from None
