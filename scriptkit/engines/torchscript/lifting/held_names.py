"""Names that a list, tuple or dictionary holds and that are written in place: `held = [a]`, then `a.add_(1)`.

The compiler drops what nobody seems to need from the end to the beginning, and a container does not stand for what it
holds (torch 2.6 to 2.15). So where only the container is read afterwards, the write is dropped before there is a graph.
`{0: a}.setdefault(0, a)` is `a` for Python, and anything at all for the compiler, which keeps every write into that.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.engines.torchscript.lifting.handed_on import CHANGING, changed_targets, constants_in, hidden
from scriptkit.engines.torchscript.lifting.without_a_round import declared_plain, may_be, stored

if TYPE_CHECKING:
    from collections.abc import Iterator

_DISPLAYS = (ast.List, ast.Tuple, ast.Dict)
_GIVE_A_CONTAINER = frozenset({"annotate", "cast", "list", "dict", "tuple"})


def hide_what_containers_hold(function: ast.FunctionDef) -> None:
    """Rewrite the bindings of such names in place."""
    written = {name for node in ast.walk(function) for name in _written_by(node)}
    if not written:
        return
    held = {name for node in ast.walk(function) for name in _held_by(node)}
    plain = constants_in(function) | set(declared_plain(function))
    names = {name for group in _groups(function, held | written) if group & written and group & held for name in group}
    if names - plain:
        _in_statements(function.body, names - plain)


def _groups(function: ast.FunctionDef, names: set[str]) -> list[set[str]]:
    """The names that may stand for the same object, or for one in the other."""
    groups = [{name} for name in names]
    for node in ast.walk(function):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            bound = {name for target in targets for name in stored(target)}
            meant = set() if isinstance(node.value, _DISPLAYS) else set(may_be(node.value))
            joined = {*bound, *meant} if meant else set()
            touched = [group for group in groups if group & joined]
            if touched:
                groups = [group for group in groups if not group & joined] + [joined.union(*touched)]
    return groups


def _written_by(node: ast.AST) -> Iterator[str]:
    """The names whose object a node writes into."""
    for target in changed_targets(node):
        yield from may_be(target)


def _held_by(node: ast.AST) -> Iterator[str]:
    """The names whose object a node puts into a container that goes on to live."""
    match node:
        case ast.Assign(targets=[ast.Tuple() | ast.List()], value=ast.Tuple()):
            return  # each name gets a part
        case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value):
            for display in _displays(value):
                yield from may_be(display)
            if isinstance(node, ast.Assign) and any(isinstance(target, ast.Subscript) for target in node.targets):
                yield from may_be(value)
        case ast.Call(func=ast.Attribute(attr=method), args=arguments) if method in CHANGING:
            yield from (name for one in arguments for name in may_be(one))
        case ast.AugAssign(value=value):
            yield from (name for display in _displays(value) for name in may_be(display))
        case _:
            return


def _displays(value: ast.expr) -> Iterator[ast.expr]:
    """The displays that a value is made of; what most calls are given they take apart themselves."""
    if isinstance(value, _DISPLAYS):
        yield value
    elif isinstance(value, ast.BinOp):
        yield from _displays(value.left)
        yield from _displays(value.right)
    elif isinstance(value, ast.IfExp):
        yield from _displays(value.body)
        yield from _displays(value.orelse)
    elif isinstance(value, ast.Call) and _last_name(value.func) in _GIVE_A_CONTAINER:
        for given in value.args:
            yield from _displays(given)
        yield from (keyword.value for keyword in value.keywords)


def _last_name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else ast.unparse(function)


def _in_statements(statements: list[ast.stmt], names: set[str]) -> None:
    for statement in list(statements):
        for block in ("body", "orelse"):
            _in_statements(getattr(statement, block, []), names)
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            bound = [name for target in targets for name in stored(target) if name in names]
            is_nothing = isinstance(statement.value, ast.Constant)
            at = statements.index(statement) + 1
            statements[at:at] = [] if is_nothing else [hidden(name, statement) for name in bound]
