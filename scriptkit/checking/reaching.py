"""Which classes of many files given classes reach, by what their code names: bases, submodules, functions, annotations.

Nothing is imported: a name leads through the import statements of its file to a class or function of another one, also
where a package hands it on (`from .net import Net` in an `__init__.py`).
"""

from __future__ import annotations

import ast
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from scriptkit import language
from scriptkit.checking.definitions import Place
from scriptkit.checking.judging import UNREADABLE, UNREADABLE_TEXT
from scriptkit.checking.paths import read_text
from scriptkit.errors import ScriptkitError
from scriptkit.language.parsing import syntax_tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, ModuleFacts


class UnreachableError(ScriptkitError):
    """What is to reach other classes is not among the files."""


def reached(found: Iterable[Diagnostic], wanted: set[Place]) -> list[Diagnostic]:
    """The findings in classes and functions that are wanted; of a file that cannot be read nobody knows them."""
    return [
        one for one in found if one.code == UNREADABLE[0] or Place(one.path, one.class_name or one.method) in wanted
    ]


class Reach:
    """Files that are read when something in them is named."""

    def __init__(self, files: Sequence[str]) -> None:
        self._read: dict[str, ModuleFacts | None] = {}
        self._by_last: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for path in files:
            parts = Path(os.path.abspath(path)).with_suffix("").parts  # noqa: PTH100 - `..` and no link is followed
            module = parts[:-1] if parts[-1] == "__init__" else parts
            self._by_last.setdefault(module[-1], []).append((module, path))

    def classes(self, starts: Iterable[str]) -> set[Place]:
        """What these `MODULE:CLASS` (or `FILE.py:CLASS`) name and reach. Raises `UnreachableError`."""
        todo = [self._start(start) for start in starts]
        seen: set[Place] = set()
        while todo:
            place = todo.pop()
            if place not in seen:
                seen.add(place)
                todo += self._named_in(place)
        inner = {Place(path, cls.name) for path, name in seen for cls in self._inside(path, name)}
        return seen | inner

    def _start(self, start: str) -> Place:
        module, separator, name = start.rpartition(":")
        if not separator or not module or not name:
            raise UnreachableError(f"`{start}` is not MODULE:CLASS, such as `package.models:Net` or `model.py:Net`")
        dotted = Path(module).with_suffix("").as_posix().strip("./").replace("/", ".") if _is_file(module) else module
        found = self._resolved(f"{dotted}.{name.partition('.')[0]}", "")
        if found is None:
            raise UnreachableError(f"`{start}` is in none of the files that are checked")
        return found

    def facts(self, path: str) -> ModuleFacts | None:
        """What a file holds; None of one that cannot be read."""
        if path not in self._read:
            try:
                self._read[path] = language.read(read_text(path), path)
            except (OSError, LookupError, *UNREADABLE_TEXT):
                self._read[path] = None
        return self._read[path]

    def _inside(self, path: str, name: str) -> Iterator[ClassFacts]:
        facts = self.facts(path)
        for cls in facts.classes.values() if facts else ():
            if cls.qualname.startswith((f"{name}.", f"{name}.<locals>.")):
                yield cls

    def _named_in(self, place: Place) -> Iterator[Place]:
        """What the code of a class or function names."""
        facts = self.facts(place.path)
        node = _definition(facts, place.name)
        if facts is None or node is None:
            return
        for name in {facts.dotted(name) for name in _names(node)} - {None}:
            found = self.meaning(facts, str(name))
            if found is not None:
                yield found

    def meaning(self, facts: ModuleFacts, name: str) -> Place | None:
        """What a dotted name means in a file: a class or function of that file or of another one."""
        first = name.partition(".")[0]
        if _definition(facts, first) is not None:
            return Place(facts.path, first)
        return self._resolved(facts.imports.get(name, name), facts.path) or self._through_stars(facts, name)

    def _through_stars(self, facts: ModuleFacts, name: str) -> Place | None:
        for node in ast.walk(facts.tree) if facts.star_imports and "." not in name else ():
            if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
                found = self._resolved(f"{'.' * node.level}{node.module or ''}.{name}", facts.path)
                if found is not None:
                    return found
        return None

    def _resolved(self, dotted: str, by: str, depth: int = 0) -> Place | None:
        """The class or function of a dotted name that a file imports, through what packages hand on."""
        found = (self._resolved_parts(parts, by, depth) for parts in _absolute(dotted, by))
        return next((place for place in found if place is not None), None)

    def _resolved_parts(self, parts: tuple[str, ...], by: str, depth: int) -> Place | None:
        for length in range(len(parts) - 1, 0, -1):
            path = self._file_of(parts[:length], by)
            facts = self.facts(path) if path is not None else None
            if path is None or facts is None:
                continue
            name = parts[length]
            if _definition(facts, name) is not None:
                return Place(path, name)
            if depth < _DEEPEST and name in facts.imports:
                return self._resolved(".".join((facts.imports[name], *parts[length + 1 :])), path, depth + 1)
            return self._through_stars(facts, name) if depth < _DEEPEST else None
        return None

    def _file_of(self, module: tuple[str, ...], by: str) -> str | None:
        """The file whose path ends in these names; of several, the one nearest to the file that names it."""
        ends = [(parts, path) for parts, path in self._by_last.get(module[-1], ()) if parts[-len(module) :] == module]
        here = Path(os.path.abspath(by)).parts if by else Path.cwd().parts  # noqa: PTH100
        return max(ends, key=lambda end: (_shared(end[0], here), -len(end[0])))[1] if ends else None


_QUOTED = re.compile(r"[A-Za-z_][\w.\[\], |]*")
_DEEPEST = 20  # a package that hands on what another hands on; circles end here


def _is_file(module: str) -> bool:
    return module.endswith(".py") or "/" in module


def _definition(facts: ModuleFacts | None, name: str) -> ast.AST | None:
    if facts is None:
        return None
    if name in facts.classes:
        return facts.classes[name].node
    return facts.functions[name].node if name in facts.functions else None


def _names(node: ast.AST) -> Iterator[ast.AST]:
    """The names in a piece of code, also those in annotations that are quoted."""
    for child in ast.walk(node):
        if isinstance(child, (ast.Name, ast.Attribute)):
            yield child
        elif isinstance(child, ast.Constant) and isinstance(child.value, str) and _QUOTED.fullmatch(child.value):
            with suppress(SyntaxError):
                yield from _names(syntax_tree(child.value, mode="eval"))


def _absolute(dotted: str, by: str) -> list[tuple[str, ...]]:
    """The parts of a dotted name; one that begins with dots is seen from the folder of the file.

    `..x` stands for `x` of this package (`from . import x`), and begins what `from ..x import y` imports.
    """
    name = dotted.lstrip(".")
    level = len(dotted) - len(name)
    if not level:
        return [tuple(name.split("."))]
    parts = Path(os.path.abspath(by)).parts  # noqa: PTH100
    return [(*parts[:-up], *name.split(".")) for up in (level, level - 1) if up]


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    return next((count for count, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
