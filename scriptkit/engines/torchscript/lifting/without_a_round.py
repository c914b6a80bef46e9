"""Loops that may run no round: after one, a value that it carries is what it was before.

After `while len(tokens) > 2: tokens = tokens[1:]`, `tokens` may be the list of somebody else. The compiler follows what
comes out of a loop to the end of its last round, and not past the loop (torch 2.6 to 2.15). So where there was none,
and another name holds the object, a write after the loop goes nowhere, and is dropped. After the loop, such a value is
therefore taken from one of two places, which the compiler does understand: `if not ran: tokens = before`.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.engines.torchscript.lifting.handed_on import changed_targets, constants_in, surely_bound
from scriptkit.engines.torchscript.lifting.new_code import placed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_Loop = ast.For | ast.While
_FRESH = frozenset("zeros ones empty full rand randn arange zeros_like ones_like empty_like full_like clone".split())
_PLAIN = frozenset("int float bool str complex".split())
_TORCH = frozenset({"torch", "F", "math"})
_READING = frozenset("len int float bool str range enumerate zip min max sum abs isinstance print list".split())
_HOLDS = (ast.Tuple, ast.List, ast.Starred, ast.Dict, ast.IfExp, ast.NamedExpr)
_PARTS = (ast.Subscript, ast.Attribute)


def keep_what_loops_leave(function: ast.FunctionDef) -> None:
    """Rewrite the loops of a function in place."""
    if any(isinstance(node, _Loop) for node in ast.walk(function)):
        parameters = function.args.posonlyargs + function.args.args + function.args.kwonlyargs
        names = _Names(function)
        _in_statements(function.body, {parameter.arg for parameter in parameters}, (), names)


class _Names:
    """What the names of a function may hold."""

    def __init__(self, function: ast.FunctionDef) -> None:
        self._constants = constants_in(function) | set(declared_plain(function))
        self._held: dict[str, set[str]] = {}
        for node in ast.walk(function):
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for name in (name for target in targets for name in stored(target)):
                    self._held.setdefault(name, set()).update(may_be(node.value))

    def concerned(
        self, loop: _Loop, bound: set[str], before: Sequence[ast.stmt], later: Sequence[ast.AST]
    ) -> list[str]:
        """The names that a loop binds anew, and whose value from before something may write into after it."""
        if _runs_a_round(loop) or _is_over_modules(loop):
            return []
        anew = {name for statement in loop.body for name in _bound_anew(statement)} & bound - self._constants
        anew = {name for name in anew if not _is_fresh(name, before)}
        changed = {name for one in later for node in ast.walk(one) for name in _changed_by(node)} if anew else set()
        return sorted(name for name in anew if not changed.isdisjoint(self._holding(name)))

    def _holding(self, name: str) -> set[str]:
        """The names that may hold what a name holds."""
        holding = {name}
        while more := {one for one, held in self._held.items() if held & holding} - holding:
            holding |= more
        return holding


def declared_plain(function: ast.FunctionDef) -> Iterator[str]:
    """The names that are declared to hold a number or a text."""
    for node in ast.walk(function):
        if isinstance(node, ast.arg | ast.AnnAssign) and isinstance(node.annotation, ast.Name):
            name = node.arg if isinstance(node, ast.arg) else ast.unparse(node.target)
            if node.annotation.id in _PLAIN:
                yield name


def _in_statements(statements: list[ast.stmt], bound: set[str], after: Sequence[ast.AST], names: _Names) -> None:
    """`bound` are the names that have a value here, `after` is what may run when these statements are done."""
    for statement in list(statements):
        index = statements.index(statement)
        later = [*statements[index + 1 :], *after]
        if isinstance(statement, _Loop):
            found = names.concerned(statement, bound, statements[:index], later)
            _in_statements(statement.body, set(bound), [*statement.body, *later], names)
            if found:
                statements[index : index + 1] = _kept(statement, found)
        else:
            for block in ("body", "orelse"):
                _in_statements(getattr(statement, block, []), set(bound), later, names)
        bound |= surely_bound(statement)


def _kept(loop: _Loop, names: list[str]) -> list[ast.stmt]:
    suffix = f"{loop.lineno}_{loop.col_offset}"
    before = "".join(f"before_{suffix}_{name} = {name}\n" for name in names)
    after = "".join(f"    {name} = before_{suffix}_{name}\n" for name in names)
    *first, ran, last = ast.parse(
        f"{before}ran_{suffix} = False\nran_{suffix} = True\nif not ran_{suffix}:\n{after}"
    ).body
    loop.body.insert(0, placed(ran, loop))
    return [*(placed(one, loop) for one in first), loop, placed(last, loop)]


def _runs_a_round(loop: _Loop) -> bool:
    match loop:
        case ast.For(iter=ast.Call(func=ast.Name(id="range"), args=[ast.Constant(value=int() as rounds)])):
            return rounds > 0
        case ast.For(iter=ast.List(elts=[_, *_]) | ast.Tuple(elts=[_, *_])) | ast.While(test=ast.Constant(value=True)):
            return True
        case _:
            return False


def _is_over_modules(loop: _Loop) -> bool:
    """Whether a loop is unrolled, as far as text tells: it calls what it takes from an attribute."""
    if isinstance(loop, ast.While) or not any(isinstance(node, ast.Attribute) for node in ast.walk(loop.iter)):
        return False
    taken = set(stored(loop.target))
    calls = (node.func for statement in loop.body for node in ast.walk(statement) if isinstance(node, ast.Call))
    return any(_root(function) in taken for function in calls)


def _bound_anew(statement: ast.AST) -> Iterator[str]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Assign) and not _is_constant(node.value):
            yield from (name for target in node.targets for name in stored(target))
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            yield from stored(node.target)


def _is_constant(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is not None


def stored(target: ast.expr) -> Iterator[str]:
    """The names that a target binds; what it writes into is not bound."""
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Tuple | ast.List):
        for part in target.elts:
            yield from stored(part)


def _is_fresh(name: str, before: Sequence[ast.stmt]) -> bool:
    """Whether a name was last bound, in the statements before, to an object that nothing else holds."""
    for index in range(len(before) - 1, -1, -1):
        statement = before[index]
        is_simple = isinstance(statement, ast.Assign | ast.AnnAssign) and name in _bound_anew(statement)
        if not is_simple and name in _bound_anew(statement):
            return False
        if is_simple and isinstance(statement, ast.Assign | ast.AnnAssign):
            others = (node for later in before[index + 1 :] for node in ast.walk(later))
            is_held = any(isinstance(node, ast.Name) and node.id == name for node in others)
            is_one = isinstance(statement, ast.AnnAssign) or isinstance(statement.targets[0], ast.Name)
            return is_one and not is_held and _is_new(statement.value)
    return False


def _is_new(value: ast.expr | None) -> bool:
    match value:
        case ast.Constant() | ast.BinOp() | ast.List() | ast.Dict() | ast.ListComp() | ast.DictComp():
            return not list(may_be(value))
        case ast.Call(func=ast.Attribute(attr=name)):
            return name in _FRESH
        case _:
            return False


def may_be(value: ast.expr) -> Iterator[str]:
    """The names whose object a value may be, hold, or be a part of."""
    if isinstance(value, ast.Name):
        yield value.id
    elif isinstance(value, _HOLDS):
        for child in ast.iter_child_nodes(value):
            if isinstance(child, ast.expr):
                yield from may_be(child)
    elif isinstance(value, _PARTS):
        yield from may_be(value.value)
    elif isinstance(value, ast.Call):
        receiver = value.func.value if isinstance(value.func, ast.Attribute) else None
        given = [*value.args, *(keyword.value for keyword in value.keywords)]
        for child in (*([] if receiver is None else [receiver]), *given):
            yield from may_be(child)


def _changed_by(node: ast.AST) -> Iterator[str]:
    """The names whose object a node may write into, or hand to somebody who may."""
    yield from (name for target in changed_targets(node) for name in may_be(target))
    match node:
        case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Call):
            yield from may_be(value)
        case ast.Assign(targets=targets, value=value) if any(isinstance(target, _PARTS) for target in targets):
            yield from may_be(value)
        case ast.Call(args=arguments, keywords=keywords) if not _only_reads(node):
            yield from (name for one in (*arguments, *(k.value for k in keywords)) for name in may_be(one))
        case _:
            return


def _only_reads(call: ast.Call) -> bool:
    """Whether a function of torch or of Python is called that writes into none of its arguments."""
    last = (
        call.func.attr
        if isinstance(call.func, ast.Attribute)
        else call.func.id
        if isinstance(call.func, ast.Name)
        else "_"
    )
    is_known = last in _READING if isinstance(call.func, ast.Name) else _root(call.func) in _TORCH
    return is_known and not last.endswith("_") and not any(k.arg in ("out", "inplace", None) for k in call.keywords)


def _root(function: ast.expr) -> str:
    while isinstance(function, _PARTS):
        function = function.value
    return function.id if isinstance(function, ast.Name) else ""
