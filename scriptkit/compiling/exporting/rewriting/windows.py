"""Slices as long as is known, `x[i : i + 3]`: where only a run knows where one begins, its length has to be told.

A lowered program has the bounds in variables of their own (`end = i + 3; x[i:end]`), so what these hold is followed
through the statements: each is a sum of numbers of the program, and the difference of two sums is the length.
"""

from __future__ import annotations

import ast
import itertools
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scriptkit.compiling.exporting.rewriting.syntax import flow, load, stored

if TYPE_CHECKING:
    from collections.abc import Sequence

_ONE = ""
"""What the constant part of a sum is counted under."""


@dataclass
class _Numbers:
    """What the variables hold, as sums: how often each other number is in them. A number is a name at one time."""

    sums: dict[str, Counter[str]] = field(default_factory=dict)
    times: dict[str, str] = field(default_factory=dict)
    fresh: itertools.count[int] = field(default_factory=itertools.count)

    def copy(self) -> _Numbers:
        return _Numbers(dict(self.sums), dict(self.times), self.fresh)

    def forget(self, names: set[str]) -> None:
        """They hold something else from now on."""
        for name in names:
            self.sums.pop(name, None)
            self.times[name] = f"{name}@{next(self.fresh)}"

    def time(self, name: str) -> str:
        return self.times.setdefault(name, f"{name}@{next(self.fresh)}")

    def sum(self, value: ast.expr) -> Counter[str] | None:
        """An expression as a sum, None where it is none of numbers."""
        match value:
            case ast.Constant(value=int() as number):
                return Counter({_ONE: number})
            case ast.Name(id=name):
                return self.sums.get(name) or Counter({self.time(name): 1})
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() as op, right=right):
                return _combined(self.sum(left), op, self.sum(right))
        return None

    def length(self, first: ast.expr, last: ast.expr) -> ast.expr | None:
        """The difference of two bounds, in variables that are there; None where it is not known."""
        begin, end = self.sum(first), self.sum(last)
        if begin is None or end is None:
            return None
        rest = {key: count for key in {*begin, *end} if (count := end[key] - begin[key])}
        names = {time: name for name, time in self.times.items()}
        constant = rest.pop(_ONE, 0)
        if any(count != 1 or key not in names for key, count in rest.items()) or (not rest and constant <= 0):
            return None
        parts: list[ast.expr] = [
            *(load(names[key]) for key in sorted(rest)),
            *([ast.Constant(constant)] * bool(constant)),
        ]
        made = parts[0]
        for part in parts[1:]:
            made = ast.BinOp(made, ast.Add(), part)
        return made


def _combined(one: Counter[str] | None, op: ast.operator, other: Counter[str] | None) -> Counter[str] | None:
    if one is None or other is None:
        return None
    if not isinstance(op, ast.Mult):
        sign = 1 if isinstance(op, ast.Add) else -1
        return Counter({key: one[key] + sign * other[key] for key in {*one, *other}})
    for factor, value in ((one, other), (other, one)):
        if not set(factor) - {_ONE}:
            return Counter({key: factor[_ONE] * count for key, count in value.items()})
    return Counter({f"({sorted(one.items())} * {sorted(other.items())})": 1})


def with_windows(block: Sequence[ast.stmt], known: _Numbers | None = None) -> list[ast.stmt]:
    """The statements, with a call of `window` in the place of each such slice that is read.

    One that is written to becomes a call of `span` within the index.
    """
    numbers = known.copy() if known is not None else _Numbers()
    made = []
    for statement in block:
        if isinstance(statement, (ast.For, ast.While)):  # an earlier round may have assigned what a later one reads
            numbers.forget(stored([statement]))
        for name in ("body", "orelse"):
            inner = getattr(statement, name, None)
            if isinstance(inner, list):
                setattr(statement, name, with_windows(inner, numbers))
        made.append(_Slices(numbers).outside_of_blocks(statement))
        held = numbers.sum(statement.value) if isinstance(statement, ast.Assign) else None
        numbers.forget(stored([statement]))
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)]) if held is not None:
                numbers.sums[name] = held
    return made


class _Slices(ast.NodeTransformer):
    """The expressions of one statement."""

    def __init__(self, numbers: _Numbers) -> None:
        self.numbers = numbers

    def outside_of_blocks(self, statement: ast.stmt) -> ast.stmt:
        """The statement; the blocks in it were seen to."""
        for name, value in ast.iter_fields(statement):
            if isinstance(value, ast.expr):
                setattr(statement, name, self.visit(value))
            elif name == "targets":
                statement.targets = [self.visit(target) for target in value]  # type: ignore[attr-defined]
        return statement

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        """`x[first:end]`, and the same beside other indices."""
        self.generic_visit(node)
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        found = [(place, first, length) for place, part in enumerate(parts) for first, length in self._window(part)]
        if len(found) != 1 or isinstance(node.ctx, ast.Del):
            return node
        place, first, length = found[0]
        if isinstance(node.ctx, ast.Store):
            end = parts[place].upper  # type: ignore[attr-defined] # it was found to be a slice
            parts = [*parts[:place], flow("span", first, length, end), *parts[place + 1 :]]
            node.slice = ast.Tuple(parts, ast.Load()) if isinstance(node.slice, ast.Tuple) else parts[0]
            return node
        index: list[ast.expr] = [_plain(part) for part in parts]
        index[place] = first
        whole = ast.Tuple(index, ast.Load()) if isinstance(node.slice, ast.Tuple) else index[0]
        return ast.copy_location(flow("window", node.value, whole, ast.Constant(place), length), node)

    def _window(self, part: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
        match part:
            case ast.Slice(lower=ast.Name() as first, upper=ast.expr() as end, step=None):
                length = self.numbers.length(first, end)
                return [] if length is None else [(first, length)]
        return []


def _plain(part: ast.expr) -> ast.expr:
    if not isinstance(part, ast.Slice):
        return part
    bounds: list[ast.expr] = [bound or ast.Constant(None) for bound in (part.lower, part.upper, part.step)]
    return ast.Call(ast.Name("slice", ast.Load()), bounds, [])
