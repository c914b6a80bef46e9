"""One thing to rewrite, and one thing that is left."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scriptkit.fixing.editing import Change

if TYPE_CHECKING:
    import ast

    from scriptkit.language.facts import ModuleFacts


@dataclass(frozen=True)
class Step:
    """Changes that belong together, and the names that they need."""

    node: ast.AST  # what is rewritten
    changes: tuple[Change, ...]
    needs: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, order=True)
class Left:
    """Something of `torch.jit` that stays as it is."""

    line: int
    column: int
    what: str
    why: str


def replaced(module: ModuleFacts, node: ast.AST, new: str) -> Change:
    """A node, replaced."""
    return Change(*module.span(node), new)


def unwrapped(module: ModuleFacts, outer: ast.AST, inner: ast.AST) -> tuple[Change, Change] | None:
    """What stands round a part of a node, removed; None where a comment would go with it."""
    whole, part = module.span(outer), module.span(inner)
    before = Change(whole.line, whole.column, part.line, part.column, "")
    after = Change(part.end_line, part.end_column, whole.end_line, whole.end_column, "")
    if any("#" in _text(module, change) for change in (before, after)):
        return None
    return before, after


def without_line(module: ModuleFacts, node: ast.AST) -> Change | None:
    """A node that has its lines for itself, removed with them; None where something else stands there, or a comment."""
    span = module.span(node)
    lines = module.text.split("\n")
    before = lines[span.line - 1][: span.column - 1]
    after = lines[span.end_line - 1][span.end_column - 1 :]
    if before.strip() not in ("", "@") or after.strip() or span.end_line >= len(lines):
        return None
    if has_comment(module, node):
        return None
    return Change(span.line, 1, span.end_line + 1, 1, "")


def has_comment(module: ModuleFacts, node: ast.AST) -> bool:
    """Whether a comment stands inside of a node; a `#` in a text counts as one."""
    return "#" in _text(module, Change(*module.span(node), ""))


def _text(module: ModuleFacts, change: Change) -> str:
    lines = module.text.split("\n")[change.line - 1 : change.end_line]
    lines[-1] = lines[-1][: change.end_column - 1]
    lines[0] = lines[0][change.column - 1 :]
    return "\n".join(lines)
