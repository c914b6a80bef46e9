"""How a file spells the names of scriptkit, and the import statements that it needs for them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.fixing.editing import Change

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scriptkit.language.facts import ModuleFacts

FINAL = "typing.Final"


class Spelling:
    """The names that a file has for things; a name that means something else in it is never taken."""

    def __init__(self, module: ModuleFacts) -> None:
        self._module = module
        self._taken = set(_bound(module.tree))
        self._known = {target: name for name, target in module.imports.items()}

    @property
    def is_possible(self) -> bool:
        """Whether `scriptkit` can mean scriptkit in this file."""
        return "scriptkit" not in self._taken or "scriptkit" in self._known

    def of(self, target: str, *, short: bool = True) -> tuple[str, frozenset[str]]:
        """How `scriptkit.export` is written here, and what has to be imported for it: nothing, it, or its module."""
        package, _, name = target.rpartition(".")
        if target in self._known:
            return self._known[target], frozenset()
        if package in self._known:
            return f"{self._known[package]}.{name}", frozenset()
        if short and name not in self._taken:
            return name, frozenset({target})
        return f"{package}.{name}", frozenset({package})


def _bound(tree: ast.Module) -> Iterator[str]:
    """Every name that anything in the file binds, and every one that it reads without an import."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.arg(arg=name):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.alias(name=name, asname=other):
                yield other or name.partition(".")[0]
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                yield from names
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield name


def statements(needs: Iterable[str]) -> list[str]:
    """The import statements for these names."""
    modules = sorted(name for name in needs if "." not in name)
    members: dict[str, list[str]] = {}
    for need in sorted(needs):
        package, _, name = need.rpartition(".")
        if package:
            members.setdefault(package, []).append(name)
    from_typing = [f"from typing import {', '.join(members.pop('typing'))}"] if "typing" in members else []
    return [
        *from_typing,
        *(f"import {name}" for name in modules),
        *(f"from {package} import {', '.join(names)}" for package, names in members.items()),
    ]


def added(module: ModuleFacts, needs: Iterable[str]) -> list[Change] | None:
    """The imports: at the end of a statement that imports from there already, the others after the last one of torch.

    None where they have no place.
    """
    appended = {need: end for need in needs if (end := _place_beside(module, need.rpartition(".")[0])) is not None}
    changes = [Change(*end, *end, f", {need.rpartition('.')[2]}") for need, end in sorted(appended.items())]
    lines = statements(set(needs) - set(appended))
    if not lines:
        return changes
    imports = [node for node in module.tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    of_torch = [node for node in imports if _is_of_torch(node)]
    above = (of_torch or imports or _first_statement(module))[-1:]
    line = (above[0].end_lineno or above[0].lineno) + 1 if above else 1
    if line > module.text.count("\n"):
        return None
    return [*changes, Change(line, 1, line, 1, "".join(f"{one}\n" for one in lines))]


def _place_beside(module: ModuleFacts, package: str) -> tuple[int, int] | None:
    """The end of a statement on one line that imports names from a package."""
    for node in module.tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == package and not node.level and node.names[0].name != "*":
            span = module.span(node)
            line = module.text.split("\n")[span.line - 1]
            if span.line == span.end_line and ")" not in line:
                return span.end_line, span.end_column
    return None


def _first_statement(module: ModuleFacts) -> list[ast.stmt]:
    first = module.tree.body[:1]
    is_text = first and isinstance(first[0], ast.Expr) and isinstance(first[0].value, ast.Constant)
    return first if is_text else []


def _is_of_torch(node: ast.Import | ast.ImportFrom) -> bool:
    names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
    return any(name == "torch" or name.startswith("torch.") for name in names)


def unneeded(module: ModuleFacts, gone: set[ast.AST]) -> list[Change]:
    """Imports from `torch.jit` that nothing reads any more once these nodes are gone, removed."""
    if module.path.endswith("__init__.py"):
        return []  # what a package imports, others may import from it
    read = {node.id for node in ast.walk(module.tree) if isinstance(node, ast.Name) and not _is_in(module, node, gone)}
    found = []
    for node in module.tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == "torch.jit" and not node.level:
            kept = [alias for alias in node.names if (alias.asname or alias.name) in read or _is_shown(module, alias)]
            found += _without(module, node, kept)
    return found


def _is_in(module: ModuleFacts, node: ast.AST, gone: set[ast.AST]) -> bool:
    return node in gone or any(above in gone for above in module.ancestors(node))


def _is_shown(module: ModuleFacts, alias: ast.alias) -> bool:
    shown = module.globals.get("__all__")
    return (
        shown is not None and shown.value is not None and repr(alias.asname or alias.name) in ast.unparse(shown.value)
    )


def _without(module: ModuleFacts, node: ast.ImportFrom, kept: list[ast.alias]) -> list[Change]:
    from scriptkit.migrating.steps import without_line

    if len(kept) == len(node.names):
        return []
    if not kept:
        line = without_line(module, node)
        return [] if line is None else [line]
    segment = ast.get_source_segment(module.text, node) or ""
    return [] if "#" in segment else [Change(*module.span(node), ast.unparse(ast.ImportFrom("torch.jit", kept, 0)))]
