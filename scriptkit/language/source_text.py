"""The text of a file with its syntax tree: what stands where, and what a comment allows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from scriptkit.language.walking import parents

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator


class Span(NamedTuple):
    """A stretch of source as diagnostics count it: from 1, in characters, end column exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(eq=False, repr=False)
class SourceText:
    """A parsed file."""

    path: str
    text: str
    tree: ast.Module

    @cached_property
    def lines(self) -> list[str]:
        """The source by lines, as `ast` counts them."""
        return self.text.splitlines()

    @cached_property
    def _parents(self) -> dict[ast.AST, ast.AST]:
        return parents(self.tree)

    def parent(self, node: ast.AST) -> ast.AST | None:
        """The node that holds `node`."""
        return self._parents.get(node)

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes around `node`, innermost first."""
        above = self._parents.get(node)
        while above is not None:
            yield above
            above = self._parents.get(above)

    def span(self, node: ast.AST) -> Span:
        """Where `node` stands, as diagnostics count."""
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        end_line, end = getattr(node, "end_lineno", None) or line, getattr(node, "end_col_offset", None)
        start = self._character(line, column)
        return Span(line, start, end_line, start + 1 if end is None else self._character(end_line, end))

    def _character(self, line: int, column: int) -> int:
        """From a column in UTF-8 bytes, counted from 0, to one in characters, counted from 1."""
        text = self._ast_lines[line - 1] if 0 < line <= len(self._ast_lines) else ""
        return column + 1 if text.isascii() else len(text.encode()[:column].decode(errors="replace")) + 1

    @cached_property
    def _ast_lines(self) -> list[str]:
        return self.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")

    @cached_property
    def allowed(self) -> dict[int, frozenset[str]]:
        """Line -> the rules named there by `# scriptkit: allow[a, b]`."""
        found: dict[int, frozenset[str]] = {}
        if "scriptkit:" not in self.text:
            return found
        for number, line in enumerate(self._ast_lines, 1):
            _, mark, rest = line.partition("# scriptkit: allow[")
            if mark and "]" in rest:
                found[number] = frozenset(part.strip() for part in rest.split("]")[0].split(",") if part.strip())
        return found
