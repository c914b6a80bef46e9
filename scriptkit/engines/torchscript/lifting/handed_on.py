"""Loops that write into what an earlier round handed on: `y.add_(1); y = x`.

The compiler's front end drops such a write before any graph is seen: for it, the `y` of a round is always that of the
first one. `{0: x}.setdefault(0, x)` is `x` for Python, and anything at all for the compiler.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.engines.torchscript.lifting.new_code import at, placed

if TYPE_CHECKING:
    from collections.abc import Iterator

CHANGING = frozenset("append extend insert pop clear remove reverse sort update setdefault popitem".split())
_EXITS = (ast.Return, ast.Raise, ast.Break, ast.Continue)
_IS_ANOTHERS = (ast.Name, ast.Attribute, ast.Subscript)


def hide_what_loops_hand_on(function: ast.FunctionDef) -> None:
    """Rewrite the loops of a function in place."""
    parameters = function.args.posonlyargs + function.args.args + function.args.kwonlyargs
    _in_statements(function.body, {parameter.arg for parameter in parameters}, constants_in(function))


def constants_in(function: ast.FunctionDef) -> set[str]:
    """The names that hold a number or a text anywhere: then they hold nothing else, and nothing writes into them."""
    statements = (node for node in ast.walk(function) if isinstance(node, ast.stmt))
    assigned = (one for statement in statements for one in _assignments(statement))
    return {name for name, value in assigned if isinstance(value, ast.Constant) and value.value is not None}


def _in_statements(statements: list[ast.stmt], bound: set[str], constants: set[str]) -> None:
    """`bound` are the names that have a value here, whatever happened before."""
    for statement in list(statements):
        if isinstance(statement, ast.For | ast.While):
            names = sorted((_handed_on(statement) & _changed(statement) & bound) - constants)
            index = statements.index(statement)
            statements[index:index] = [hidden(name, statement) for name in names]
            _hide_assignments(statement, set(names))
        for block in ("body", "orelse"):
            _in_statements(getattr(statement, block, []), set(bound), constants)
        bound |= surely_bound(statement)


def surely_bound(statement: ast.stmt) -> set[str]:
    """The names that have a value after a statement, whatever happens in it."""
    match statement:
        case ast.If(body=body, orelse=orelse):
            arms = [_bound_by_all(arm) for arm in (body, orelse) if not isinstance(arm[-1:] and arm[-1], _EXITS)]
            return set.intersection(*arms) if arms else set()
        case ast.With(body=body):
            return _bound_by_all(body)
        case ast.Assign(targets=targets):
            return {node.id for target in targets for node in _parts(target) if isinstance(node, ast.Name)}
        case _:
            return {name for name, _ in _assignments(statement)}


def _bound_by_all(statements: list[ast.stmt]) -> set[str]:
    return set().union(*map(surely_bound, statements))


def _parts(target: ast.expr) -> list[ast.expr]:
    return list(target.elts) if isinstance(target, ast.Tuple | ast.List) else [target]


def _assignments(statement: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            yield name, value
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            yield name, value
        case _:
            return


def _handed_on(loop: ast.For | ast.While) -> set[str]:
    inside = (node for node in ast.walk(loop) if isinstance(node, ast.stmt))
    found = (one for statement in inside for one in _assignments(statement))
    return {name for name, value in found if _is_anothers(value)}


def _is_anothers(value: ast.expr) -> bool:
    """Whether an expression is an object that exists already, and can be written twice."""
    return isinstance(value, _IS_ANOTHERS) and not any(isinstance(n, ast.Call | ast.NamedExpr) for n in ast.walk(value))


def _changed(loop: ast.For | ast.While) -> set[str]:
    return {target.id for node in ast.walk(loop) for target in changed_targets(node) if isinstance(target, ast.Name)}


def changed_targets(node: ast.AST) -> Iterator[ast.expr]:
    """What a node writes into."""
    match node:
        case ast.Call(func=ast.Attribute(value=target, attr=method)):
            if method in CHANGING or (method.endswith("_") and not method.startswith("_")):
                yield target
        case ast.AugAssign(target=ast.Subscript(value=target) | target):
            yield target
        case ast.Assign(targets=[ast.Subscript(value=target)]):
            yield target
        case _:
            return


def _hide_assignments(loop: ast.For | ast.While, names: set[str]) -> None:
    for node in ast.walk(loop):
        if isinstance(node, ast.Assign | ast.AnnAssign):
            for name, value in _assignments(node):
                if name in names and _is_anothers(value):
                    node.value = _call(ast.unparse(value), node)


def hidden(name: str, place: ast.stmt) -> ast.stmt:
    """A statement after which a name is, for the compiler, anything at all."""
    made: ast.stmt = ast.Assign([ast.Name(name, ast.Store())], _call(name, place))
    return placed(made, place)


def _call(text: str, place: ast.stmt) -> ast.expr:
    made: ast.expr = at(place, f"{{0: {text}}}.setdefault(0, {text})")
    return made
