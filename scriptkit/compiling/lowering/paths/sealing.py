"""Branches of which only the arm that the example takes is kept: an earlier run could not join the two."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from scriptkit.compiling.lowering.paths.refining import refine
from scriptkit.compiling.lowering.program import syntax
from scriptkit.compiling.lowering.world.refusing import RefusedError

if TYPE_CHECKING:
    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator
    from scriptkit.compiling.lowering.world.frames import Frame
    from scriptkit.compiling.lowering.world.refusing import BranchPlace
    from scriptkit.compiling.lowering.world.values import Dyn


def here(evaluator: Evaluator) -> BranchPlace:
    """The branch that is being evaluated."""
    node: Any = evaluator.place.node
    return evaluator.place.path, node.lineno, node.col_offset, node.end_lineno, node.end_col_offset


def seal(evaluator: Evaluator, condition: Dyn, frame: Frame) -> bool | None:
    """Where an earlier run found that the arms cannot be joined, the one the example does not take raises.

    Gives the side that is left, None where both are.
    """
    refusal = evaluator.sealed.get(here(evaluator))
    if refusal is None:
        return None
    side = bool(condition.example)
    test = evaluator.residual.ref(condition)
    with evaluator.residual.block() as ended:
        evaluator.residual.emit(_not_lowered(evaluator, refusal.message))
    evaluator.residual.emit(ast.If(ast.UnaryOp(ast.Not(), test) if side else test, ended, []))
    evaluator.drop(RefusedError(refusal.rule, refusal.message))
    refine(evaluator, condition, frame, side=side)
    return side


def _not_lowered(evaluator: Evaluator, why: str) -> ast.stmt:
    node: Any = evaluator.place.node
    return syntax.fail_as_limit(f"line {node.lineno} was not lowered: {why}")
