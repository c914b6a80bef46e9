"""Small pieces of residual code, and the places of the user's file they belong to."""

from __future__ import annotations

import ast
import enum
import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from scriptkit.errors import OtherCallError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

LINES_PER_FILE = 10**6
"""A line number of residual code is `file number * LINES_PER_FILE + line`."""

N = TypeVar("N", bound=ast.AST)


class Place:
    """Where the evaluation is in the user's files."""

    def __init__(self) -> None:
        self.files: list[str] = []
        self.path = ""
        self.node: ast.AST = ast.Pass(lineno=1, col_offset=0, end_lineno=1, end_col_offset=0)

    @contextmanager
    def inside(self, path: str) -> Iterator[None]:
        """Evaluate code of another file."""
        before = self.path, self.node
        self.path = path
        try:
            yield
        finally:
            self.path, self.node = before

    def moved(self, new: N) -> N:
        """Give code that was parsed from a text of our own the user's place instead of its own."""
        for part in ast.walk(new):
            if hasattr(part, "lineno"):
                del part.lineno
        return self.mark(new)

    def mark(self, new: N) -> N:
        """Give new code the place of the user's code that it comes from."""
        if self.path not in self.files:
            self.files.append(self.path)
        shift = self.files.index(self.path) * LINES_PER_FILE
        at: Any = self.node
        for part in ast.walk(new):
            if "lineno" in part._attributes and not hasattr(part, "lineno"):
                place: Any = part
                place.lineno, place.end_lineno = at.lineno + shift, at.end_lineno + shift
                place.col_offset, place.end_col_offset = at.col_offset, at.end_col_offset
        return new


def load(name: str) -> ast.Name:
    """A name that is read."""
    return ast.Name(name, ast.Load())


def store(name: str) -> ast.Name:
    """A name that is written."""
    return ast.Name(name, ast.Store())


def attribute(of: ast.expr, name: str) -> ast.expr:
    """`of.name`; `getattr(of, 'name')` where Python has no such spelling."""
    if name.isidentifier() and name not in _KEYWORDS:
        return ast.Attribute(of, name, ast.Load())
    return call("getattr", [of, ast.Constant(name)])


_KEYWORDS = frozenset(
    "in is as if for from import not and or with def class return pass lambda del else elif try".split()
)


def dotted(path: str) -> ast.expr:
    """`a.b.c`."""
    first, *rest = path.split(".")
    expression: ast.expr = load(first)
    for name in rest:
        expression = ast.Attribute(expression, name, ast.Load())
    return expression


def call(
    function: ast.expr | str, args: Iterable[ast.expr] = (), keywords: Mapping[str, ast.expr] | None = None
) -> ast.Call:
    """A call."""
    target = dotted(function) if isinstance(function, str) else function
    return ast.Call(target, list(args), [ast.keyword(name, value) for name, value in (keywords or {}).items()])


def literal(value: Any) -> ast.expr | None:
    """A constant as TorchScript writes it, None where it has none."""
    if isinstance(value, enum.Enum) and not isinstance(value, (int, str)):
        return None
    if value is None or value is Ellipsis or isinstance(value, bool):
        return ast.Constant(value)
    if isinstance(value, str):
        return ast.Constant(str.__str__(value))
    if isinstance(value, int):
        return _signed(int(value))
    if isinstance(value, float):
        return _signed(float(value)) if math.isfinite(value) else call("float", [ast.Constant(str(float(value)))])
    if isinstance(value, (torch.dtype, torch.layout, torch.memory_format)):
        return dotted(f"torch.{str(value).rpartition('.')[2]}")
    if value in (int, float, bool, complex):
        return dotted(f"torch.{str(torch.empty(0, dtype=value).dtype).rpartition('.')[2]}")
    if isinstance(value, torch.device):
        return call("torch.device", [ast.Constant(str(value))])
    return None


def _signed(number: float) -> ast.expr:
    if math.copysign(1, number) > 0:
        return ast.Constant(number)
    return ast.UnaryOp(ast.USub(), ast.Constant(-number))


def number(value: int) -> ast.expr:
    """A whole number."""
    return _signed(value)


def fail(message: ast.expr) -> ast.stmt:
    """`raise RuntimeError(message)`."""
    return ast.Raise(call("RuntimeError", [message]))


def fail_as_limit(message: str) -> ast.stmt:
    """Raise because the program was not lowered for such a call: compiled code says the type in its text."""
    return fail(ast.Constant(f"{OtherCallError.__name__}: {message}"))


def require_as_lowered(condition: ast.expr, message: str) -> ast.stmt:
    """Raise where a call is not one that the program was lowered for."""
    return require(condition, f"{OtherCallError.__name__}: {message}")


def require(condition: ast.expr, message: str) -> ast.stmt:
    """`assert condition, message`."""
    return ast.Assert(condition, ast.Constant(message))
