"""Where the typing pass puts what it finds, and whom it asks where the text does not tell."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator

    from scriptkit.language.abstract import AnyValue
    from scriptkit.language.facts import ClassFacts, Problem
    from scriptkit.language.operators import Schema
    from scriptkit.language.problems.kind import Kind
    from scriptkit.language.types import Type


class Oracle(Protocol):
    """What a door knows beyond the text of the file: mypy's types. None means that it does not know either.

    It is asked where the text does not tell, and never about what a problem was found in.
    """

    def attribute_value(self, cls: ClassFacts, name: str) -> AnyValue | None:
        """What an attribute of a module is."""

    def call_schema(self, node: ast.Call) -> Schema | None:
        """What a function, method or module of another file takes and gives."""

    def variable_type(self, name: str) -> Type | None:
        """The type of a variable that is imported from another file."""


class Sink:
    """Where problems and types go; one for each class that is typed, or a silent one for a class that is only asked."""

    def __init__(self, cls: ClassFacts | None) -> None:
        self.cls = cls
        self.problems: list[Problem[Kind]] = []
        self.types: dict[ast.AST, Type] = {}
        self.dead: set[ast.AST] = set()
        self.doubted: set[ast.AST] = set()
        self.blamed: set[ast.AST] = set()
        self.undefined: set[str] = set()
        self._seen: set[tuple[str, int]] = set()
        self._muted = 0

    def add(self, problem: Problem[Kind]) -> None:
        """Keep a problem; one culprit has one problem of a kind."""
        key = (problem.kind, id(problem.node))
        if not self._muted and key not in self._seen:
            self._seen.add(key)
            self.problems.append(problem)
            self.blamed.update(problem.related)

    def type(self, node: ast.AST, found: Type) -> None:
        """Remember the type of an expression."""
        if self.cls is not None:
            self.types[node] = found

    def kill(self, *nodes: ast.AST) -> None:
        """The compiler emits nothing for these."""
        self.dead.update(nodes)

    @contextmanager
    def muted(self, wanted: bool = True) -> Iterator[None]:  # noqa: FBT001, FBT002
        """Ask without reporting."""
        self._muted += wanted
        try:
            yield
        finally:
            self._muted -= wanted
