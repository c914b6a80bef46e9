"""Whether a container keeps the modules it was built with, read from the text of the file.

What is assigned twice, or changed after it was built, may hold anything by the time it is used: such a container stays
untyped. An attribute that `__init__` appends to grows, and is known when `__init__` has been read.
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
    """A class, or a file outside its classes: what it assigns, and what it changes or appends to."""

    assigned: Counter[str] = field(default_factory=Counter)
    changed: set[str] = field(default_factory=set)
    grown: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Target:
    """What is assigned to: `layers`, `self.layers`."""

    name: str
    scope: _Scope

    @property
    def attribute(self) -> str:
        """The name of the attribute of `self`, if it is one."""
        holder, _, name = self.name.partition(".")
        return name if holder == "self" else ""

    @property
    def changes(self) -> bool:
        """Whether it may hold something else later."""
        return self.scope.assigned[self.name] != 1 or self.name in self.scope.changed

    @property
    def grows(self) -> bool:
        """Whether `__init__` appends to it."""
        return self.name in self.scope.grown


_Lines = dict[int, list[Target]]
_read_already: WeakKeyDictionary[Source, _Lines] = WeakKeyDictionary()


def targets(path: str, line: int) -> list[Target]:
    """What the assignment on this line, if there is one, assigns to."""
    source = source_of(path)
    if source is None:
        return []
    if source not in _read_already:
        _read_already[source] = {}
        _read(source.tree, _Scope(), _read_already[source])
    return _read_already[source].get(line, [])


def _read(node: ast.AST, scope: _Scope, found: _Lines) -> None:
    """For each line of an assignment, where it stands and what it assigns to."""
    in_init = isinstance(node, ast.FunctionDef) and node.name == "__init__"
    todo = children(node)
    for child in todo:
        if isinstance(child, (ast.Assign, ast.AnnAssign)) and child.value is not None:
            _note_assignment(child, scope, found)
        elif isinstance(child, ast.AugAssign):
            scope.changed.add(ast.unparse(child.target))
        elif isinstance(child, ast.Call) and isinstance(child.func, ast.Attribute) and child.func.attr in MUTATING:
            grows = in_init and child.func.attr == "append" and isinstance(child.func.value, ast.Attribute)
            (scope.grown if grows else scope.changed).add(ast.unparse(child.func.value))
        elif isinstance(child, ast.Subscript) and isinstance(child.ctx, (ast.Store, ast.Del)):
            scope.changed.add(ast.unparse(child.value))
        if isinstance(child, ast.ClassDef):
            _read(child, _Scope(), found)
        elif isinstance(child, ast.FunctionDef):
            _read(child, scope, found)
        else:
            todo.extend(children(child))


def _note_assignment(statement: ast.Assign | ast.AnnAssign, scope: _Scope, found: _Lines) -> None:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    for target in targets:
        if isinstance(target, (ast.Name, ast.Attribute)):
            name = ast.unparse(target)
            scope.assigned[name] += 1
            for line in range(statement.lineno, (statement.end_lineno or statement.lineno) + 1):
                found.setdefault(line, []).append(Target(name, scope))
