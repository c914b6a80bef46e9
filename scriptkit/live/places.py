"""Where in the source a running instruction stands, whose code that is, and what part it plays in its statement."""

from __future__ import annotations

import ast
import functools
import inspect
import linecache
import os
import site
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import torch

from scriptkit.language.parsing import syntax_tree
from scriptkit.live.instruction_nodes import span_of

if TYPE_CHECKING:
    from types import CodeType, FrameType

Role = Literal["branch", "loop", "check", "value"]


@dataclass(frozen=True)
class Place:
    """A stretch of source; lines and columns count from 1 in characters, the end column is exclusive."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    in_project: bool
    function: str = ""

    @property
    def text(self) -> str:
        """The source of this stretch, on one line; empty where there is no source."""
        lines = linecache.getlines(self.path)[self.line - 1 : self.end_line]
        if not lines:
            return ""
        if len(lines) == 1:
            return lines[0][self.column - 1 : self.end_column - 1].strip()
        return lines[0][self.column - 1 :].strip() + " ..."

    @property
    def short(self) -> str:
        """`model.py:12`."""
        return f"{Path(self.path).name}:{self.line}"


NOWHERE = "<unknown>"
"""The path of what stands in no file."""


@functools.cache
def _installed_roots() -> tuple[str, ...]:
    """Folders of installed code: packages, the standard library, torch, scriptkit itself."""
    paths = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    paths += [*site.getsitepackages(), site.getusersitepackages()]
    paths += [str(Path(torch.__file__).parent), str(Path(__file__).parent.parent)]
    return tuple(sorted({os.path.realpath(path) + os.sep for path in paths if path}))


@functools.cache
def is_project_code(path: str) -> bool:
    """True for the user's own files and notebook cells, False for what is installed or generated."""
    if path.startswith("<"):
        return path.startswith(("<ipython", "<stdin", "<console"))
    whole = os.path.realpath(path)
    parts = Path(whole).parts
    return not ({"site-packages", "dist-packages"} & set(parts) or whole.startswith(_installed_roots()))


def place_of(code: CodeType, instruction: int) -> Place:
    """The place of the instruction at an offset of a code object (`frame.f_lasti`)."""
    line, end_line, column, end_column = _positions(code, instruction)
    return Place(
        code.co_filename,
        line,
        _characters(code.co_filename, line, column) + 1,
        end_line,
        _characters(code.co_filename, end_line, end_column) + 1,
        is_project_code(code.co_filename),
        getattr(code, "co_qualname", code.co_name),
    )


def _positions(code: CodeType, instruction: int) -> tuple[int, int, int, int]:
    if hasattr(code, "co_positions"):
        found = list(code.co_positions())[instruction // 2]
        if None not in found:
            line, end_line, column, end_column = found
            return int(line or 1), int(end_line or 1), int(column or 0), int(end_column or 0)
    span = span_of(code, instruction)
    if span is not None:
        return span.line, span.end_line, span.column, span.end_column
    line = max((line for start, line in _line_starts(code) if start <= instruction), default=code.co_firstlineno)
    text = linecache.getline(code.co_filename, line)
    return line, line, len(text) - len(text.lstrip()), len(text.rstrip())


def _line_starts(code: CodeType) -> list[tuple[int, int]]:
    import dis

    return [(start, line) for start, line in dis.findlinestarts(code)]


def _characters(path: str, line: int, offset: int) -> int:
    """The interpreter counts bytes, people count characters."""
    return len(linecache.getline(path, line).encode()[:offset].decode(errors="ignore"))


@functools.cache
def _carries(path: str) -> bool:
    """True for code that only computes for its caller: the standard library, NumPy, and what has no file."""
    if path.startswith("<") and not is_project_code(path):
        return True  # generated, or text given to `eval`: the code that has a file is what can be mended
    whole = os.path.realpath(path)
    if "numpy" in Path(whole).parts:
        return not is_project_code(path)
    return whole.startswith(os.path.realpath(sysconfig.get_path("stdlib")) + os.sep) and "site-packages" not in whole


def caller_outside(frame: FrameType | None, skipped: tuple[str, ...]) -> FrameType | None:
    """The nearest frame that is not in a file that only passes a call on, nor in the standard library or NumPy."""
    while frame is not None and (frame.f_code.co_filename in skipped or _carries(frame.f_code.co_filename)):
        frame = frame.f_back
    return frame


@functools.lru_cache(maxsize=64)
def _tree(path: str) -> ast.Module | None:
    try:
        return syntax_tree("".join(linecache.getlines(path)))
    except SyntaxError:
        return None


def role_of(place: Place) -> Role:
    """What the value at a place decides: a branch, a loop, whether a check passes; or it goes on as a value."""
    tree = _tree(place.path)
    if tree is None:
        return "value"
    enclosing = [node for node in ast.walk(tree) if _spans(node, place)]
    for node in sorted(enclosing, key=_extent):
        role = _role_in(node, place)
        if role is not None:
            return role
    return "value"


def tried_at(path: str, line: int) -> Place | None:
    """The statement at a line of project code, where a `try` round it catches what operators raise."""
    tree = _tree(path) if is_project_code(path) else None
    tries = [node for node in ast.walk(tree) if isinstance(node, ast.Try)] if tree is not None else []
    for node in tries:
        if any(map(_catches_operators, node.handlers)):
            for statement in node.body:
                if statement.lineno <= line <= (statement.end_lineno or statement.lineno):
                    end_line, end = statement.end_lineno or statement.lineno, statement.end_col_offset or 0
                    return Place(path, statement.lineno, statement.col_offset + 1, end_line, end + 1, in_project=True)
    return None


def whole_line(path: str, line: int) -> Place:
    """A line of a file, without the space round it."""
    text = linecache.getline(path, line).rstrip()
    start = len(text) - len(text.lstrip())
    return Place(path, line, start + 1, line, len(text) + 1, is_project_code(path))


def _catches_operators(handler: ast.ExceptHandler) -> bool:
    named = [] if handler.type is None else list(ast.walk(handler.type))
    names = {node.id for node in named if isinstance(node, ast.Name)}
    return handler.type is None or bool(names & {"RuntimeError", "Exception", "BaseException"})


def _spans(node: ast.AST, place: Place) -> bool:
    if not isinstance(node, (ast.expr, ast.stmt)):
        return False
    return node.lineno <= place.line and place.end_line <= (node.end_lineno or node.lineno)


def _extent(node: ast.AST) -> tuple[int, int]:
    assert isinstance(node, (ast.expr, ast.stmt))  # noqa: S101
    return (node.end_lineno or 0) - node.lineno, (node.end_col_offset or 0) - node.col_offset


def _role_in(node: ast.AST, place: Place) -> Role | None:
    """What a node makes of the place, if the place lies in the part of it that decides."""
    if isinstance(node, ast.Assert):
        return "check"
    if isinstance(node, ast.If) and _holds(node.test, place):
        return "check" if _only_raises(node) else "branch"
    if isinstance(node, ast.IfExp) and _holds(node.test, place):
        return "branch"
    if isinstance(node, (ast.While, ast.For)) and _holds(
        node.test if isinstance(node, ast.While) else node.iter, place
    ):
        return "loop"
    if isinstance(node, (ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp)):
        return "loop" if any(_holds(part.iter, place) for part in node.generators) else None
    return None


def _holds(node: ast.expr, place: Place) -> bool:
    start, end = (node.lineno, node.col_offset), (node.end_lineno or 0, node.end_col_offset or 0)
    first = len(linecache.getline(place.path, place.line)[: place.column - 1].encode())
    return start <= (place.line, first) < end


def _only_raises(node: ast.If) -> bool:
    """`if ...: raise`: nothing is computed otherwise, the check itself is what counts."""
    return not node.orelse and isinstance(node.body[-1], ast.Raise)


def place_of_function(function: object, module: object) -> Place:
    """The line where a function begins; the class of the module stands for one without Python code."""
    code = getattr(inspect.unwrap(function), "__code__", None) if callable(function) else None
    name = f"{type(module).__qualname__}.forward"
    if code is None:
        return Place(f"<{type(module).__module__}>", 1, 1, 1, 1, in_project=False, function=name)
    line = code.co_firstlineno
    while line < code.co_firstlineno + 20 and not linecache.getline(code.co_filename, line).lstrip().startswith(
        ("def ", "async ")
    ):
        line += 1
    text = linecache.getline(code.co_filename, line).rstrip()
    start = len(text) - len(text.lstrip())
    return Place(code.co_filename, line, start + 1, line, len(text) + 1, is_project_code(code.co_filename), name)


def class_place(cls: type) -> tuple[str, int]:
    """Where a class is written, for what has no line of its own; ("<unknown>", 1) where Python does not know."""
    try:
        lines, first = inspect.getsourcelines(cls)
        path = inspect.getsourcefile(cls)
    except (OSError, TypeError, SyntaxError):
        return NOWHERE, 1
    statement = next((number for number, line in enumerate(lines) if line.lstrip().startswith("class ")), 0)
    return (path, first + statement) if path is not None else (NOWHERE, 1)
