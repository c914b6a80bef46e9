"""What the rewriter asks of statements, and the pieces it writes."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FLOW = "_flow"
"""The name of `control_flow` in rewritten code."""


def stored(block: Iterable[ast.stmt]) -> set[str]:
    """The names a block assigns."""
    return {node.id for node in _names(block) if isinstance(node.ctx, ast.Store)}


def loaded(block: Iterable[ast.AST]) -> set[str]:
    """The names a block reads."""
    return {node.id for node in _names(block) if isinstance(node.ctx, ast.Load)}


def _names(block: Iterable[ast.AST]) -> list[ast.Name]:
    return [node for part in block for node in ast.walk(part) if isinstance(node, ast.Name)]


def appends(block: Iterable[ast.stmt]) -> list[str]:
    """The lists that a block appends to, in order."""
    found = [name for part in block for node in ast.walk(part) if (name := appended_to(node))]
    return list(dict.fromkeys(found))


def appended_to(node: ast.AST) -> str:
    """The list of `xs.append(item)`, empty for anything else."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append"), args=[_]):
            return name
    return ""


def leaves(block: Sequence[ast.stmt]) -> bool:
    """Whether a block has a jump out of it, other than one of a loop within it; a method returns at its end only."""
    for statement in block:
        if isinstance(statement, (ast.Break, ast.Continue)):
            return True
        if isinstance(statement, ast.If) and (leaves(statement.body) or leaves(statement.orelse)):
            return True
    return False


def load(name: str) -> ast.Name:
    """A name that is read."""
    return ast.Name(name, ast.Load())


def store(name: str) -> ast.Name:
    """A name that is assigned."""
    return ast.Name(name, ast.Store())


def assign(name: str, value: ast.expr) -> ast.Assign:
    """`name = value`."""
    return ast.Assign([store(name)], value)


def loads(names: Iterable[str]) -> ast.Tuple:
    """A tuple of names that are read."""
    return ast.Tuple([load(name) for name in names], ast.Load())


def stores(names: Iterable[str]) -> ast.expr:
    """Names that are assigned from a tuple."""
    listed: list[ast.expr] = [store(name) for name in names]
    return ast.Tuple(listed, ast.Store()) if listed else store("_nothing")


def flow(name: str, *arguments: ast.expr) -> ast.Call:
    """A call of `control_flow`."""
    return ast.Call(ast.Attribute(load(FLOW), name, ast.Load()), list(arguments), [])


def function(name: str, parameters: Iterable[str], body: Sequence[ast.stmt], result: ast.expr) -> ast.FunctionDef:
    """A function within the method; its free names are those of the method."""
    spec = ast.arguments([], [ast.arg(one) for one in parameters], None, [], [], None, [])
    made: ast.FunctionDef = ast.FunctionDef(name, spec, [*body, ast.Return(result)], [], None)
    return made
