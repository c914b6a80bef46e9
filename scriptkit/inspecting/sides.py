"""The source of a method beside its program, line by line: what each line of Python became."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from scriptkit.inspecting.classes import Line, Place, line_of
from scriptkit.language.parsing import syntax_tree
from scriptkit.tables import Table, Tabular

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scriptkit.inspecting.classes import Method


@dataclass(frozen=True)
class SideRow:
    """One line of Python: what it became, and what is to be said of it (`note`); no number for what has no line."""

    path: str
    line: int | None
    source: str
    program: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True)
class SideBySide(Tabular):
    """The rows of one method; `assumptions` are the facts it rests on, where it was lowered or traced."""

    rows: tuple[SideRow, ...]
    assumptions: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n".join([str(self.as_table()), *(f"rests on: {one}" for one in self.assumptions)])

    def as_table(self) -> Table:
        """One line for each line of Python, and more where it became several."""
        cells = []
        for row in self.rows:
            program = row.program or ("",)
            cells.append(("" if row.line is None else str(row.line), row.source, program[0], row.note))
            cells += [("", "", text, "") for text in program[1:]]
        return Table(("line", "source", "program", ""), tuple(cells), "", frozenset({"line"}))

    def as_json(self) -> str:
        """The rows and the facts."""
        return json.dumps(asdict(self), indent=2)


def side_by_side(method: Method, mode: str, assumptions: Sequence[str]) -> SideBySide:
    """A method beside its source, as far as its debug records keep that."""
    lines = method.lines[1:]
    source = _source(method)
    by_place: dict[Place, list[str]] = {}
    elsewhere: list[str] = []
    last: Place | None = None
    for line in lines:
        place = next((one for one in line.places if one in source), None)
        if place is None and not line.places:
            place = _named_after(line, source, last) or last
        if place is None:
            elsewhere.append(_dedented(line))
            continue
        by_place.setdefault(place, []).append(_dedented(line))
        last = place
    own = _facts_by_line(assumptions)
    rows = [
        SideRow(place.path, place.line, text, tuple(by_place.get(place, ())), note)
        for place, text, note in _noted(source, by_place, mode, own)
    ]
    if elsewhere:
        rows.append(SideRow("", None, "", tuple(elsewhere), "from code that is written elsewhere"))
    return SideBySide(tuple(rows), tuple(assumptions))


def _named_after(line: Line, source: dict[Place, str], last: Place | None) -> Place | None:
    """Of a call that torch keeps no place for, the next line that names what is called."""
    called = [node.func for node in ast.walk(line.node) if isinstance(node, ast.Call)] if line.node is not None else []
    names = [one.attr for one in called if isinstance(one, ast.Attribute)]
    places = list(source)
    start = places.index(last) if last in source else 0
    ordered = [*places[start:], *places[:start]]
    return next((p for name in names for p in ordered if re.search(rf"\b{re.escape(name)}\b", source[p])), None)


def _dedented(line: Line) -> str:
    return line.text.removeprefix("  ")


def _source(method: Method) -> dict[Place, str]:
    """The lines of Python that the method was made from."""
    found: dict[Place, str] = {}
    for origin in method.origins:
        first, lines = _function(origin.text, line_of(origin) - origin.line)
        for number, text in enumerate(lines, origin.line + first):
            found.setdefault(Place(origin.path, number), text)
    return dict(sorted(found.items(), key=lambda item: (item[0].path, item[0].line)))


def _function(text: str, line: int) -> tuple[int, list[str]]:
    """Of a text the function round a line, and where it begins; the text is a function, or a whole file.

    Behind a function may stand something: lifted code is filled up to keep its positions.
    """
    lines = text.splitlines()
    spans = [(begin, end) for begin, end in _functions(text) if begin <= line < end]
    begin, end = min(spans, key=lambda span: span[1] - span[0], default=(0, len(lines)))
    return begin, lines[begin:end]


@lru_cache(maxsize=64)
def _functions(text: str) -> list[tuple[int, int]]:
    """Where the functions of a text begin and end, decorators included."""
    try:
        tree = syntax_tree(_unindented(text.splitlines()))
    except SyntaxError:
        return []
    found = (node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))
    return [(min(n.lineno for n in (one, *one.decorator_list)) - 1, one.end_lineno or one.lineno) for one in found]


def _unindented(lines: Sequence[str]) -> str:
    """The lines without the indentation that the first one has, where they have it."""
    indent = len(lines[0]) - len(lines[0].lstrip()) if lines else 0
    return "\n".join(line[indent:] if not line[:indent].strip() else line for line in lines)


def _noted(
    source: dict[Place, str], became: dict[Place, list[str]], mode: str, facts: dict[int, str]
) -> Iterator[tuple[Place, str, str]]:
    wanted = _statements(source)
    for place, text in source.items():
        fact = facts.get(place.line, "")
        if fact:
            yield place, text, f"specialised: {fact}"
        elif place in became or place not in wanted:
            yield place, text, "lowered" if mode == "lowered" and place in became else ""
        else:
            yield place, text, _gone(wanted[place], place, became)


def _gone(statement: ast.stmt, place: Place, became: dict[Place, list[str]]) -> str:
    """What happened to a line that became nothing: of a loop or a branch, what is in it may be there."""
    inside = range(1, (statement.end_lineno or 0) - statement.lineno + 1)
    is_inside = any(Place(place.path, place.line + number) in became for number in inside)
    if isinstance(statement, ast.For) and is_inside:
        return "unrolled"
    return "decided while compiling" if isinstance(statement, (ast.If, ast.While)) else "folded away"


def _statements(source: dict[Place, str]) -> dict[Place, ast.stmt]:
    """The lines on which a statement begins that a program could have something of."""
    found: dict[Place, ast.stmt] = {}
    for path in {place.path for place in source}:
        numbers = sorted(place.line for place in source if place.path == path)
        try:
            tree = syntax_tree(
                _unindented([source.get(Place(path, n), "") for n in range(numbers[0], numbers[-1] + 1)])
            )
        except SyntaxError:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.stmt) and _may_become(node):
                found.setdefault(Place(path, numbers[0] + node.lineno - 1), node)
    return {place: node for place, node in found.items() if place in source}


def _may_become(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr):
        return not isinstance(node.value, ast.Constant)  # a docstring
    return not isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Pass))


def _facts_by_line(assumptions: Sequence[str]) -> dict[int, str]:
    """Facts that name a line, as `model.py:12`."""
    found: dict[int, str] = {}
    for text in assumptions:
        for word in text.replace(",", " ").split():
            name, _, number = word.strip("`()").rpartition(":")
            if name.endswith(".py") and number.isdecimal():
                found.setdefault(int(number), text)
    return found
