"""Which branches of a module's own code no eager run took, and what those that ran did outside of the process."""

from __future__ import annotations

import ast
import inspect
import linecache
import sys
import types
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scriptkit.language.parsing import syntax_tree
from scriptkit.live.places import is_project_code

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import nn

_OUTSIDE = frozenset(
    "open print write write_text write_bytes savez savetxt tofile dump mkdir makedirs unlink remove rename rmtree "
    "urlopen request post put send sendall system Popen check_call check_output debug info warning error log".split()
)
"""Names of calls that may reach outside of the process: files, the network, other programs, what people read."""


class Reached:
    """The lines of project code that ran while `watching`."""

    def __init__(self, module: nn.Module, methods: Sequence[str]) -> None:
        self._lines: dict[types.CodeType, set[int]] = {}
        for kind in dict.fromkeys(type(part) for part in module.modules()):
            for name in ("forward", *methods):
                self._expect(inspect.unwrap(getattr(kind, name, None)))  # type: ignore[arg-type]

    def _expect(self, function: Any) -> None:
        if isinstance(function, types.FunctionType) and is_project_code(function.__code__.co_filename):
            self._lines.setdefault(function.__code__, set())

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Note every line of project code that runs in here; whoever else traces is back afterwards."""
        before = sys.gettrace()
        sys.settrace(self._enter)
        try:
            yield
        finally:
            sys.settrace(before)

    def _enter(self, frame: types.FrameType, _event: str, _arg: object) -> Any:
        code = frame.f_code
        if code not in self._lines and not is_project_code(code.co_filename):
            return None
        lines = self._lines.setdefault(code, set())

        def line(frame: types.FrameType, event: str, _arg: object) -> Any:
            if event == "line":
                lines.add(frame.f_lineno)
            return line

        return line

    def unreached(self) -> list[str]:
        """`block.py:31 (x.shape[0] > 64)` for each branch not taken, and `block.py:40 (helper)` for code never run."""
        found: list[tuple[str, int, str]] = []
        for code, lines in self._lines.items():
            if not lines:
                found.append((code.co_filename, code.co_firstlineno, f"`{code.co_name}` was not called"))
                continue
            tree = _definition(code)
            found += [] if tree is None else _not_taken(code, tree, lines)
        return [f"{Path(path).name}:{line} ({what})" for path, line, what in sorted(set(found))]

    def outside(self) -> list[str]:
        """`block.py:31 (open)` for each call among the lines that ran whose effect nobody here can take back."""
        found: list[tuple[str, int, str]] = []
        for code, lines in self._lines.items():
            tree = _definition(code) if lines and not _OUTSIDE.isdisjoint(code.co_names) else None
            for node in ast.walk(tree) if tree is not None else ():
                name = _called_name(node)
                if name in _OUTSIDE and node.lineno in lines:  # type: ignore[attr-defined]
                    found.append((code.co_filename, node.lineno, name))  # type: ignore[attr-defined]
        return [f"{Path(path).name}:{line} ({name})" for path, line, name in sorted(set(found))]

    def bounds(self) -> list[int]:
        """The whole numbers that conditions of this code compare with."""
        numbers = set()
        for code in self._lines:
            tree = _definition(code)
            for node in ast.walk(tree) if tree is not None else ():
                if isinstance(node, ast.Compare):
                    values = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant)]
                    numbers |= {v for v in values if type(v) is int}
        return sorted(numbers)


def _called_name(node: ast.AST) -> str:
    function = node.func if isinstance(node, ast.Call) else None
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _definition(code: types.CodeType) -> ast.AST | None:
    """The syntax of one function, with the lines of its file."""
    try:
        tree = syntax_tree("".join(linecache.getlines(code.co_filename)))
    except SyntaxError:
        return None
    functions = (n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef)))
    return next(
        (f for f in functions if f.name == code.co_name and code.co_firstlineno in _first_lines(f)),
        None,
    )


def _first_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[int]:
    return {function.lineno, *(decorator.lineno for decorator in function.decorator_list)}


def _not_taken(code: types.CodeType, tree: ast.AST, lines: set[int]) -> Iterator[tuple[str, int, str]]:
    """The outermost branches whose first line never ran, by the condition that leads there."""
    hidden: set[ast.AST] = set()
    for node in ast.walk(tree):  # outer branches come first
        if node in hidden or not isinstance(node, (ast.If, ast.For, ast.While)):
            continue
        condition = ast.unparse(node.iter if isinstance(node, ast.For) else node.test)
        for block, spoken in ((node.body, condition), (node.orelse, f"not ({condition})")):
            if block and block[0].lineno != node.lineno and block[0].lineno not in lines:
                hidden.update(inner for statement in block for inner in ast.walk(statement))
                if "is_scripting" not in condition:
                    yield code.co_filename, block[0].lineno, spoken
