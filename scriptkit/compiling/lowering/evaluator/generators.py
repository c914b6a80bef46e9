"""Generator functions: run to their end at once, which is the same as long as nothing in between can be noticed."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.compiling.lowering.world.refusing import RefusedError
from scriptkit.compiling.lowering.world.walking import Once

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator
    from scriptkit.compiling.lowering.world.frames import Frame
    from scriptkit.compiling.lowering.world.values import Value


class Generated(Once):
    """What a generator gave; it is taken from the front."""


def collect(evaluator: Evaluator, frame: Frame, run: Callable[[], Value]) -> Generated:
    """Everything a generator yields. It may change nothing but what it made itself."""
    block = evaluator.residual.method.blocks[-1]
    length = len(block)
    with evaluator.effects.watched() as changed:
        made: Generated = evaluator.effects.own(Generated())
        frame.yielded = made
        run()
    if changed or any(_writes(statement) for statement in block[length:]):
        raise RefusedError("generator-function", "a generator changes something that others can see")
    return made


def take(evaluator: Evaluator, node: ast.Yield | ast.YieldFrom, frame: Frame) -> None:
    """`yield value`."""
    if frame.yielded is None or any(loop is not None for loop in frame.loops):
        raise RefusedError("generator-function", "`yield` in a place that is not lowered")
    value = evaluator.expression(node.value, frame) if node.value is not None else None
    evaluator.effects.changing(frame.yielded, "`yield`")
    frame.yielded.extend(evaluator.iterate(value) if isinstance(node, ast.YieldFrom) else [value])


def _writes(statement: ast.stmt) -> bool:
    for node in ast.walk(statement):
        if isinstance(node, (ast.AugAssign, ast.Expr)):
            return True
        if isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(node.ctx, ast.Store):
            return True
    return False


def refuse_interleaved(body: Sequence[ast.stmt]) -> None:
    """The body of a loop over a generator may write nothing that the generator might read."""
    for statement in body:
        for node in ast.walk(statement):
            in_place = isinstance(node, ast.Attribute) and node.attr.endswith("_") and not node.attr.endswith("__")
            if in_place or isinstance(node, ast.AugAssign) or _is_written(node):
                raise RefusedError("generator-function", "a loop over a generator writes what the generator may read")


def _is_written(node: ast.AST) -> bool:
    return isinstance(node, (ast.Subscript, ast.Attribute)) and not isinstance(node.ctx, ast.Load)
