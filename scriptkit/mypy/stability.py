"""Whether a container keeps the modules it was built with, read from the text of the file.

What is assigned twice, or appended to, may hold anything by the time it is used: such a container stays untyped.
"""

from __future__ import annotations

import ast
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MUTATING = frozenset({"append", "extend", "insert", "pop", "update", "clear", "add_module", "register_module"})
_Scope = ast.Module | ast.ClassDef


def keeps_its_modules(path: str, line: int) -> bool:
    """Whether what is built on this line is never changed, and its name never assigned again."""
    try:
        tree = _parsed(path, Path(path).stat().st_mtime_ns)
    except (OSError, SyntaxError, ValueError):
        return False
    scope = _innermost_class(tree, line)
    targets = [target for node in ast.walk(scope) for target in _targets(node) if _spans(node, line)]
    changed, assigned = _changed_and_assigned(scope)
    return not any(target in changed or assigned.count(target) > 1 for target in targets)


@lru_cache(maxsize=16)
def _parsed(path: str, modified: int) -> ast.Module:
    del modified
    return ast.parse(Path(path).read_bytes())


def _innermost_class(tree: ast.Module, line: int) -> _Scope:
    scope: _Scope = tree
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and _spans(node, line):
            scope = node
    return scope


def _spans(node: ast.AST, line: int) -> bool:
    return getattr(node, "lineno", 0) <= line <= (getattr(node, "end_lineno", 0) or 0)


def _targets(node: ast.AST) -> Iterator[str]:
    """What a statement assigns to, as written."""
    if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            if isinstance(target, (ast.Name, ast.Attribute)):
                yield ast.unparse(target)


@lru_cache(maxsize=64)
def _changed_and_assigned(scope: _Scope) -> tuple[frozenset[str], tuple[str, ...]]:
    changed, assigned = set[str](), list[str]()
    for node in ast.walk(scope):
        assigned.extend(_targets(node))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in MUTATING:
            changed.add(ast.unparse(node.func.value))
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, (ast.Store, ast.Del)):
            changed.add(ast.unparse(node.value))
        elif isinstance(node, ast.AugAssign):
            changed.add(ast.unparse(node.target))
    return frozenset(changed), tuple(assigned)
