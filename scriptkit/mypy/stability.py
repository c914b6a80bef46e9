"""Whether a container keeps the modules it was built with, read from the text of the file.

What is assigned twice, or changed after it was built, may hold anything by the time it is used: such a container stays
untyped.
"""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from scriptkit.language.walking import children
from scriptkit.mypy.texts import source_of

if TYPE_CHECKING:
    from scriptkit.mypy.texts import Source

MUTATING = frozenset({"append", "extend", "insert", "pop", "update", "clear", "add_module", "register_module"})


@dataclass
class _Scope:
    """A class, or a file outside its classes: what it assigns, on which lines, and what it changes."""

    assigned: Counter[str] = field(default_factory=Counter)
    changed: set[str] = field(default_factory=set)

    def keeps(self, target: str) -> bool:
        return self.assigned[target] == 1 and target not in self.changed


_Lines = dict[int, list[tuple[_Scope, str]]]
_read_already: WeakKeyDictionary[Source, _Lines] = WeakKeyDictionary()


def keeps_its_modules(path: str, line: int) -> bool:
    """Whether what is built on this line is never changed, and its name never assigned again."""
    source = source_of(path)
    if source is None:
        return False
    if source not in _read_already:
        _read_already[source] = {}
        _read(source.tree, _Scope(), _read_already[source])
    return all(scope.keeps(target) for scope, target in _read_already[source].get(line, ()))


def _read(node: ast.AST, scope: _Scope, found: _Lines) -> None:
    """For each line of an assignment, where it stands and what it assigns to."""
    todo = children(node)
    for child in todo:
        if isinstance(child, (ast.Assign, ast.AnnAssign)) and child.value is not None:
            _note_assignment(child, scope, found)
        elif isinstance(child, ast.AugAssign):
            scope.changed.add(ast.unparse(child.target))
        elif isinstance(child, ast.Call) and isinstance(child.func, ast.Attribute) and child.func.attr in MUTATING:
            scope.changed.add(ast.unparse(child.func.value))
        elif isinstance(child, ast.Subscript) and isinstance(child.ctx, (ast.Store, ast.Del)):
            scope.changed.add(ast.unparse(child.value))
        if isinstance(child, ast.ClassDef):
            _read(child, _Scope(), found)
        else:
            todo.extend(children(child))


def _note_assignment(statement: ast.Assign | ast.AnnAssign, scope: _Scope, found: _Lines) -> None:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    for target in targets:
        if isinstance(target, (ast.Name, ast.Attribute)):
            name = ast.unparse(target)
            scope.assigned[name] += 1
            for line in range(statement.lineno, (statement.end_lineno or statement.lineno) + 1):
                found.setdefault(line, []).append((scope, name))
