"""Local names of archived code that torch numbered through a whole file, numbered anew within each function."""

from __future__ import annotations

import ast
import keyword
from typing import TYPE_CHECKING

from scriptkit.artifact.code_text import Edit

if TYPE_CHECKING:
    from collections.abc import Iterator

# what torch's printer never gives to a local name: it appends a number instead
_PRINTED = "aten attribute CONSTANTS fork getattr inf nan infj nanj ops __torch__ uninitialized unchecked_cast"
_RESERVED = frozenset([*keyword.kwlist, *_PRINTED.split()])
_DIGITS = "0123456789"


def renamed_locals(unit: ast.stmt, text: bytes) -> Iterator[Edit]:
    """The edits that give the local names of every function of a class or function their canonical numbers."""
    starts = _line_starts(text)
    functions = unit.body if isinstance(unit, ast.ClassDef) else [unit]
    for function in functions:
        if isinstance(function, ast.FunctionDef):
            yield from _renamed_in(function, starts)


def _renamed_in(function: ast.FunctionDef, starts: list[int]) -> Iterator[Edit]:
    names = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
    names.sort(key=lambda node: (node.lineno, node.col_offset))
    parameters = {argument.arg for argument in ast.walk(function.args) if isinstance(argument, ast.arg)}
    bound = dict.fromkeys(node.id for node in names if isinstance(node.ctx, ast.Store) and node.id not in parameters)
    free = {node.id for node in names} - set(bound)
    new_names = _canonical_numbers(list(bound), parameters, free)
    for node in names:
        new = new_names.get(node.id, node.id)
        if new != node.id:
            start = starts[node.lineno - 1] + node.col_offset
            yield Edit(start, start + len(node.id), new.encode())


def _canonical_numbers(bound: list[str], parameters: set[str], free: set[str]) -> dict[str, str]:
    """New names for those that are another name of the function with a number behind it."""
    bases = {name: _base(name, {*bound, *parameters}) for name in bound}
    taken = {*parameters, *free, *(name for name, base in bases.items() if not base)}
    new_names: dict[str, str] = {}
    for name, base in bases.items():
        if base:
            number = 0
            while f"{base}{number}" in taken:
                number += 1
            new_names[name] = f"{base}{number}"
            taken.add(new_names[name])
    return new_names


def _base(name: str, others: set[str]) -> str:
    """The shortest name of the function (or reserved name) that this one extends by digits, or nothing."""
    shortest = len(name.rstrip(_DIGITS))
    candidates = (name[:length] for length in range(max(shortest, 1), len(name)))
    return next((part for part in candidates if part in others or part in _RESERVED), "")


def _line_starts(text: bytes) -> list[int]:
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts
