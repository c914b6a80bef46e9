"""Statements that neither branch nor loop, one function each."""

from __future__ import annotations

import ast
import importlib
import sys
from typing import TYPE_CHECKING, Any

from scriptkit.compiling.lowering.code import assignment
from scriptkit.compiling.lowering.code.closures import closure
from scriptkit.compiling.lowering.evaluator import texts
from scriptkit.compiling.lowering.paths import conditions, refining
from scriptkit.compiling.lowering.program import syntax
from scriptkit.compiling.lowering.world.refusing import RaisedError, RefusedError
from scriptkit.compiling.lowering.world.values import Dyn, Unreadable, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator
    from scriptkit.compiling.lowering.world.frames import Frame


def run(evaluator: Evaluator, node: ast.stmt, frame: Frame) -> None:
    """Evaluate one statement."""
    handler = _STATEMENTS.get(type(node))
    if handler is None:
        raise RefusedError("syntax-not-lowered", f"`{type(node).__name__.lower()}` statements are not lowered")
    handler(evaluator, node, frame)


def _expression(evaluator: Evaluator, node: ast.Expr, frame: Frame) -> None:
    if not isinstance(node.value, ast.Constant):
        evaluator.expression(node.value, frame)


def _assign(evaluator: Evaluator, node: ast.Assign, frame: Frame) -> None:
    try:
        value = evaluator.expression(node.value, frame)
    except RefusedError as refusal:
        if refusal.rule != "impure-call" or refusal.depth != evaluator.depth or not _is_drawn(node):
            raise
        value = Unreadable(f"comes from outside: {refusal.message}", rule="impure-call")
    for target in node.targets:
        evaluator.place.node = node
        assignment.assign(evaluator, target, value, frame)


def _is_drawn(node: ast.Assign) -> bool:
    """`name = random.uniform(...)`: refused where the name is read."""
    values = [*node.value.args, *(k.value for k in node.value.keywords)] if isinstance(node.value, ast.Call) else [node]
    return all(isinstance(part, ast.Name) for part in node.targets) and all(
        isinstance(value, ast.Constant) for value in values
    )


def _annotated(evaluator: Evaluator, node: ast.AnnAssign, frame: Frame) -> None:
    if node.value is not None:
        assignment.assign(evaluator, node.target, evaluator.expression(node.value, frame), frame)


def _assert(evaluator: Evaluator, node: ast.Assert, frame: Frame) -> None:
    condition = conditions.test(evaluator, node.test, frame)
    words = texts.static_text(node.msg) or f"the assertion in line {node.lineno}"
    if isinstance(condition, Dyn):
        evaluator.residual.emit(syntax.require(evaluator.residual.ref(condition), words))
        refining.refine(evaluator, condition, frame, side=True)
    elif not condition:
        raise RaisedError(AssertionError(words))


def _raise(evaluator: Evaluator, node: ast.Raise, frame: Frame) -> None:
    error: Any = evaluator.expression(node.exc, frame) if node.exc is not None else RuntimeError("raised again")
    raise RaisedError(error() if isinstance(error, type) else error)


def _function(evaluator: Evaluator, node: ast.FunctionDef, frame: Frame) -> None:
    made: Value = closure(evaluator, node, frame)
    for decorator in reversed(node.decorator_list):
        made = evaluator.call(evaluator.expression(decorator, frame), [made])
    evaluator.bind_name(frame, node.name, made)


def _import(evaluator: Evaluator, node: ast.Import, frame: Frame) -> None:
    for alias in node.names:
        module = sys.modules.get(alias.name) or _imported(alias.name)
        evaluator.bind_name(
            frame,
            alias.asname or alias.name.split(".")[0],
            module if alias.asname else sys.modules[alias.name.split(".")[0]],
        )


def _import_from(evaluator: Evaluator, node: ast.ImportFrom, frame: Frame) -> None:
    module = _imported("." * node.level + (node.module or ""), frame.namespace.get("__package__"))
    for alias in node.names:
        try:
            value = getattr(module, alias.name)
        except AttributeError as error:
            raise RaisedError(ImportError(str(error))) from error
        evaluator.bind_name(frame, alias.asname or alias.name, value)


def _imported(name: str, package: str | None = None) -> Any:
    try:
        return importlib.import_module(name, package)
    except ImportError as error:
        raise RaisedError(error) from error


def _delete(evaluator: Evaluator, node: ast.Delete, frame: Frame) -> None:
    for target in node.targets:
        assignment.delete(evaluator, target, frame)


_STATEMENTS: dict[type[ast.stmt], Callable[[Evaluator, Any, Frame], None]] = {
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
