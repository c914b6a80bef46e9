"""Statements. A block is a list of tasks, so that the rest of a function can follow into the arms of a branch.

A loop of known length is unrolled: its next round is a task of its own. `break`, `continue` and `return` under a
condition known only at run time need nothing special then: each arm gets the rest that is its own.
"""

from __future__ import annotations

import ast
import importlib
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scriptkit.compiling.lowering import assignment, blocks, branching, loops, operators, syntax
from scriptkit.compiling.lowering.branching import Left, Outcome, Returned
from scriptkit.compiling.lowering.values import (
    CannotJoinError,
    Dyn,
    DynEnumerate,
    DynRange,
    RaisedError,
    RefusedError,
    Value,
)
from scriptkit.language import types as t

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from scriptkit.compiling.lowering.evaluate import Evaluator
    from scriptkit.compiling.lowering.frames import Frame

_MOST_TAILS = 8
_MOST_ROUNDS = 4096


@dataclass(frozen=True)
class Round:
    """The next round of an unrolled `for`, or with `items` None of a `while` whose test is static."""

    node: ast.For | ast.While
    items: tuple[Value, ...] | None
    position: int
    source: Value = None


Task = ast.stmt | Round


def run_function(ev: Evaluator, body: Sequence[ast.stmt], frame: Frame) -> Value:
    """The value a function body returns."""
    outcome = run_block(ev, body, frame)
    if isinstance(outcome, Left):
        raise RaisedError(RuntimeError("the function raises on every path"))
    return outcome.value if outcome is not None else None


def run_block(ev: Evaluator, tasks: Sequence[Task], frame: Frame) -> Outcome:
    """Evaluate statements one after the other."""
    rest = list(tasks)
    while rest:
        task = rest.pop(0)
        if isinstance(task, Round):
            outcome = _round(ev, task, rest, frame)
        else:
            ev.place.node = task
            outcome = _statement(ev, task, rest, frame)
        if outcome is not None:
            return outcome
    return None


def _statement(ev: Evaluator, node: ast.stmt, rest: list[Task], frame: Frame) -> Outcome:
    match node:
        case ast.If():
            return _if(ev, node, rest, frame)
        case ast.For():
            return _for(ev, node, rest, frame)
        case ast.While():
            rest.insert(0, Round(node, None, 0))
            return None
        case ast.Return():
            return Returned(ev.expression(node.value, frame) if node.value else None)
        case ast.Break() | ast.Continue():
            return _jump(ev, node, rest, frame)
        case ast.With() | ast.Try():
            return blocks.run(ev, node, frame)
        case _:
            _simple(ev, node, frame)
            return None


def _simple(ev: Evaluator, node: ast.stmt, frame: Frame) -> None:
    handler = _SIMPLE.get(type(node))
    if handler is None:
        raise RefusedError("syntax-not-lowered", f"`{type(node).__name__.lower()}` statements are not lowered")
    handler(ev, node, frame)


# ---- branches


def _if(ev: Evaluator, node: ast.If, rest: list[Task], frame: Frame) -> Outcome:
    condition = branching.test(ev, node.test, frame)
    ev.place.node = node.test
    if not isinstance(condition, Dyn):
        rest[:0] = node.body if condition else node.orelse
        return None
    if not (_jumps(node.body) or _jumps(node.orelse)):
        try:
            with ev.effects.attempt():
                return _arms(ev, condition, node.body, node.orelse, frame, set(_names_read(rest)))
        except CannotJoinError:
            if not rest:
                raise
    ev.place.node = node.test
    ev.tails += 1
    if ev.tails > _MOST_TAILS:
        raise RefusedError("too-many-paths", "too many branches leave values that no one variable can hold")
    try:
        return _arms(ev, condition, [*node.body, *rest], [*node.orelse, *rest], frame, None)
    finally:
        rest.clear()


def _arms(
    ev: Evaluator, condition: Dyn, body: Sequence[Task], orelse: Sequence[Task], frame: Frame, needed: set[str] | None
) -> Outcome:
    """Both arms; without `needed` they contain the rest of the block."""
    run = (lambda: run_block(ev, body, frame), lambda: run_block(ev, orelse, frame))
    ends = needed is None and not frame.nested
    return branching.branch(ev, condition, run, frame, needed or set(), ends=ends)


def _jumps(body: Sequence[ast.stmt]) -> bool:
    """Whether a block may leave the function or the loop round it."""
    return any(isinstance(node, (ast.Return, ast.Break, ast.Continue)) for node in _own_nodes(body))


def _own_nodes(body: Sequence[ast.AST]) -> Iterator[ast.AST]:
    for node in body:
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.Lambda, ast.ClassDef)):
            yield from _own_nodes(list(ast.iter_child_nodes(node)))


def _names_read(tasks: Sequence[Task]) -> Iterator[str]:
    for task in tasks:
        node = task.node if isinstance(task, Round) else task
        yield from (n.id for n in ast.walk(node) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Store))
        yield from (
            n.target.id for n in ast.walk(node) if isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name)
        )


# ---- loops


def _for(ev: Evaluator, node: ast.For, rest: list[Task], frame: Frame) -> Outcome:
    iterable = ev.lift(ev.expression(node.iter, frame))
    is_open = isinstance(iterable, (DynRange, DynEnumerate)) or (
        isinstance(iterable, Dyn) and not isinstance(iterable.type, t.Tuple)
    )
    if is_open:
        loops.run_for(ev, node, iterable, frame)
        return None
    items = tuple(ev.iterate(iterable))
    if len(items) > _MOST_ROUNDS:
        raise RefusedError("loop-too-long", f"a loop of {len(items)} rounds would be unrolled")
    rest.insert(0, Round(node, items, 0, iterable))
    return None


def _round(ev: Evaluator, task: Round, rest: list[Task], frame: Frame) -> Outcome:
    node = task.node
    ev.place.node = node
    following = Round(node, task.items, task.position + 1, task.source)
    if isinstance(node, ast.While):
        return _while_round(ev, node, following, rest, frame)
    assert task.items is not None  # noqa: S101 - a `for` has items
    if isinstance(task.source, (list, dict, set)) and len(task.source) != len(task.items):
        raise RefusedError("state-mutated-in-loop", "a list changes while a loop runs over it")
    if task.position == len(task.items):
        rest[:0] = node.orelse
        return None
    assignment.assign(ev, node.target, task.items[task.position], frame)
    rest[:0] = [*node.body, following]
    return None


def _while_round(ev: Evaluator, node: ast.While, following: Round, rest: list[Task], frame: Frame) -> Outcome:
    if following.position > _MOST_ROUNDS:
        raise RefusedError("loop-too-long", "a `while` loop would be unrolled too often")
    with ev.residual.block() as tried:
        condition = branching.test(ev, node.test, frame)
    if isinstance(condition, Dyn):
        if node.orelse or frame.nested:
            raise RefusedError("loop-else", "`while` with `else`, or inside another block, is not lowered")
        loops.run_while(ev, node, frame)
        return None
    ev.residual.splice(tried)
    rest[:0] = [*node.body, following] if condition else node.orelse
    return None


def _jump(ev: Evaluator, node: ast.Break | ast.Continue, rest: list[Task], frame: Frame) -> Outcome:
    for position, task in enumerate(rest):
        if isinstance(task, Round):
            del rest[: position + (1 if isinstance(node, ast.Break) else 0)]
            return None
    return loops.jump(ev, node, frame)


# ---- everything else


def _expression(ev: Evaluator, node: ast.Expr, frame: Frame) -> None:
    if not isinstance(node.value, ast.Constant):
        ev.expression(node.value, frame)


def _assign(ev: Evaluator, node: ast.Assign, frame: Frame) -> None:
    value = ev.expression(node.value, frame)
    for target in node.targets:
        ev.place.node = node
        assignment.assign(ev, target, value, frame)


def _annotated(ev: Evaluator, node: ast.AnnAssign, frame: Frame) -> None:
    if node.value is not None:
        assignment.assign(ev, node.target, ev.expression(node.value, frame), frame)


def _assert(ev: Evaluator, node: ast.Assert, frame: Frame) -> None:
    condition = branching.test(ev, node.test, frame)
    if isinstance(condition, Dyn):
        ev.residual.emit(syntax.require(ev.residual.ref(condition), f"the assertion in line {node.lineno}"))
        branching.refine(ev, condition, frame, side=True)
    elif not condition:
        raise RaisedError(AssertionError(f"the assertion in line {node.lineno}"))


def _raise(ev: Evaluator, node: ast.Raise, frame: Frame) -> None:
    error: Any = ev.expression(node.exc, frame) if node.exc is not None else RuntimeError("raised again")
    raise RaisedError(error() if isinstance(error, type) else error)


def _function(ev: Evaluator, node: ast.FunctionDef, frame: Frame) -> None:
    from scriptkit.compiling.lowering.evaluate import closure

    made: Value = closure(ev, node, frame)
    for decorator in reversed(node.decorator_list):
        made = ev.call(ev.expression(decorator, frame), [made])
    ev.bind_name(frame, node.name, made)


def _import(ev: Evaluator, node: ast.Import, frame: Frame) -> None:
    for alias in node.names:
        module = sys.modules.get(alias.name) or _imported(alias.name)
        ev.bind_name(
            frame,
            alias.asname or alias.name.split(".")[0],
            module if alias.asname else sys.modules[alias.name.split(".")[0]],
        )


def _import_from(ev: Evaluator, node: ast.ImportFrom, frame: Frame) -> None:
    module = _imported("." * node.level + (node.module or ""), frame.namespace.get("__package__"))
    for alias in node.names:
        try:
            value = getattr(module, alias.name)
        except AttributeError as error:
            raise RaisedError(ImportError(str(error))) from error
        ev.bind_name(frame, alias.asname or alias.name, value)


def _imported(name: str, package: str | None = None) -> Any:
    try:
        return importlib.import_module(name, package)
    except ImportError as error:
        raise RaisedError(error) from error


def _delete(ev: Evaluator, node: ast.Delete, frame: Frame) -> None:
    for target in node.targets:
        assignment.delete(ev, target, frame)


_SIMPLE: dict[type[ast.stmt], Callable[[Evaluator, Any, Frame], None]] = {
    ast.Expr: _expression,
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: assignment.augment,
    ast.Assert: _assert,
    ast.Raise: _raise,
    ast.FunctionDef: _function,
    ast.Import: _import,
    ast.ImportFrom: _import_from,
    ast.Delete: _delete,
    ast.Pass: lambda *_: None,
}

assign = assignment.assign
__all__ = ["assign", "operators", "run_block", "run_function"]
