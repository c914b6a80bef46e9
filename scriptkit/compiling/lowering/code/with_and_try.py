"""`with` and `try`."""

from __future__ import annotations

import ast
import contextlib
import dataclasses
from typing import TYPE_CHECKING, Any, NoReturn

import torch

from scriptkit.compiling.lowering.program import syntax
from scriptkit.compiling.lowering.world.refusing import RaisedError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator
    from scriptkit.compiling.lowering.world.frames import Frame
    from scriptkit.compiling.lowering.world.outcomes import Outcome
    from scriptkit.compiling.lowering.world.values import Value


def run(evaluator: Evaluator, node: ast.With | ast.Try, frame: Frame) -> Outcome:
    """Evaluate a `with` or `try` statement."""
    frame.enclosing_blocks += 1
    try:
        return _with(evaluator, node, frame) if isinstance(node, ast.With) else _try_in_loop(evaluator, node, frame)
    finally:
        frame.enclosing_blocks -= 1


def _closed(frame: Frame, run: Callable[[], Outcome], *, returns: bool) -> Outcome:
    """Evaluate a block that neither `break` nor `continue` gets out of, and `return` only where it says so."""
    loop = frame.loops[-1] if frame.loops and returns else None
    frame.loops.append(None if loop is None else dataclasses.replace(loop, takes_jumps=False))
    try:
        return run()
    finally:
        frame.loops.pop()


def _with(evaluator: Evaluator, node: ast.With, frame: Frame) -> Outcome:
    modes = [mode for item in node.items for mode in _modes(evaluator, item, frame)]
    if not modes:  # nothing of it is left in the program
        return _closed(frame, lambda: evaluator.block(node.body, frame), returns=True)
    return _closed(frame, lambda: _in_modes(evaluator, node, frame, modes), returns=False)


def _try_in_loop(evaluator: Evaluator, node: ast.Try, frame: Frame) -> Outcome:
    # what `finally` does comes after a `return`, and a program that left its loop is past it
    return _closed(frame, lambda: _try(evaluator, node, frame), returns=not node.finalbody)


def _in_modes(evaluator: Evaluator, node: ast.With, frame: Frame, modes: list[str]) -> Outcome:
    with evaluator.residual.block() as block:
        outcome = evaluator.block(node.body, frame)
    evaluator.residual.adopt(block)
    evaluator.place.node = node
    if block:
        evaluator.residual.emit(ast.With([ast.withitem(syntax.call(f"torch.{mode}")) for mode in modes], block))
    return outcome


def _modes(evaluator: Evaluator, item: ast.withitem, frame: Frame) -> list[str]:
    if item.optional_vars is None and isinstance(item.context_expr, ast.Call):
        known = _known(evaluator, item.context_expr, frame)
        if known is not None:
            return known
    manager: Any = evaluator.expression(item.context_expr, frame)
    if item.optional_vars is not None:
        raise RefusedError("context-manager-not-lowered", "`with ... as ...`")
    if type(manager) is torch.no_grad:
        return ["no_grad"]
    if type(manager) is contextlib.nullcontext:
        return []
    raise RefusedError("context-manager-not-lowered", f"`with` a `{type(manager).__name__}`")


def _known(evaluator: Evaluator, node: ast.Call, frame: Frame) -> list[str] | None:
    """Managers that say what they do in their arguments; None for all others."""
    function = evaluator.expression(node.func, frame)
    if function in _WITHOUT_EFFECT:
        return []
    if function is torch.set_grad_enabled and len(node.args) == 1:
        mode = evaluator.expression(node.args[0], frame)
        return ["no_grad"] if mode is False else _refuse_grad_mode(mode)
    if isinstance(function, type) and issubclass(function, torch.autocast):
        given = {keyword.arg: evaluator.expression(keyword.value, frame) for keyword in node.keywords}
        return [] if given.get("enabled") is False else None  # nobody calls the program inside `autocast`
    return None


def _refuse_grad_mode(mode: Value) -> NoReturn:
    words = "(True)`" if mode is True else "` of a value known only at run time"
    raise RefusedError("context-manager-not-lowered", f"`with torch.set_grad_enabled{words}")


_WITHOUT_EFFECT = (torch.profiler.record_function, torch.autograd.profiler.record_function)


def _try(evaluator: Evaluator, node: ast.Try, frame: Frame) -> Outcome:
    """Exceptions on static grounds take the handlers; one of the residual program ends it, loudly."""
    try:
        outcome = evaluator.block(node.body, frame)
        if outcome is None:
            outcome = evaluator.block(node.orelse, frame)
    except RaisedError as raised:
        handler = next((h for h in node.handlers if _catches(evaluator, h, raised.error, frame)), None)
        if handler is None:
            raise
        if handler.name:
            evaluator.bind_name(frame, handler.name, raised.error)
        outcome = evaluator.block(handler.body, frame)
    if node.finalbody:
        last = evaluator.block(node.finalbody, frame)
        return last if last is not None else outcome
    return outcome


def _catches(evaluator: Evaluator, handler: ast.ExceptHandler, error: BaseException, frame: Frame) -> bool:
    return handler.type is None or isinstance(error, evaluator.expression(handler.type, frame))
