"""`return` inside a loop of run-time length: a flag and the result leave the loop, and the function returns behind it.

    for row in x:                    returned = False
        if row.sum() > 1:            result: Optional[Tensor] = None
            return row        ->     for row in x:
    return x[0]                          if row.sum() > 1:
                                             returned, result = True, row
                                             break
                                     if returned: ...  # the result, else what follows the loop

Which variables the result takes, and of which types, shows when the whole body was evaluated: until then a `return` is
an assignment that is filled in later.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.compiling.lowering.code import early_results
from scriptkit.compiling.lowering.paths import branching
from scriptkit.compiling.lowering.paths.joined_types import CONSTANTS, type_in_arm
from scriptkit.compiling.lowering.program.loop_captures import handed_on
from scriptkit.compiling.lowering.world.frames import EarlyReturn
from scriptkit.compiling.lowering.world.outcomes import Left, Outcome, Returned
from scriptkit.compiling.lowering.world.values import Dyn, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator
    from scriptkit.compiling.lowering.world.frames import Frame, OpenLoop


@dataclass
class Exit:
    """How a function returns from a loop: whether it did, and the value, which is read behind the loop."""

    flag: Dyn
    value: Callable[[], Value]


def leave(evaluator: Evaluator, frame: Frame, value: Value) -> Outcome:
    """`return value`: the end of the function, or of the loop of the residual program round the statement."""
    loop = frame.loops[-1] if frame.loops else None
    if loop is None:
        return Returned(value)
    statement = ast.Assign([], ast.Constant(value=True))
    leaves: dict[int, ast.expr] = {}
    _spell(evaluator, value, loop, leaves)
    evaluator.residual.emit(statement)
    evaluator.residual.emit(ast.Break())
    loop.returns.append(EarlyReturn(statement, value, leaves, is_taken=evaluator.untaken_arms == loop.untaken_arms))
    return Left()


def _spell(evaluator: Evaluator, value: Value, loop: OpenLoop, leaves: dict[int, ast.expr]) -> None:
    """How the values of the program in a result are named at the `return`; elsewhere they may have no name."""
    items = early_results.items_of(evaluator, value, loop)
    for item in items or ():
        _spell(evaluator, item, loop, leaves)
    lifted: Any = evaluator.lift(value)
    if items is None and isinstance(lifted, (Dyn, *CONSTANTS, torch.dtype, torch.device)) and type(lifted) is not bytes:
        expression = evaluator.residual.expression(lifted)
        leaves[id(value)] = handed_on(expression, type_in_arm(lifted), evaluator.residual.open_statements())


def finish(evaluator: Evaluator, loop: OpenLoop, body: Sequence[ast.stmt], *, runs: bool) -> Exit | None:
    """After the body was evaluated and before the loop is written: variables for what its `return`s give."""
    # an arm that could not be joined or lowered was evaluated too, and is not in the program
    written = {id(part) for statement in body for part in ast.walk(statement)}
    returns = [found for found in loop.returns if id(found.statement) in written]
    if not returns:
        return None
    returns.sort(key=lambda found: not found.is_taken)  # the example of the result is that of the first one
    flag = evaluator.residual.bind(ast.Constant(value=False), runs and returns[0].is_taken, "returned")
    results = early_results.Results(evaluator, loop, returns)
    shape = results.shape([found.value for found in returns])
    results.fill_in(flag)
    return Exit(flag, lambda: results.read(shape))


def behind(evaluator: Evaluator, found: Exit, frame: Frame, rest: Callable[[], Outcome]) -> Outcome:
    """What follows a loop that may have returned: the value, or the rest of the block."""
    ends_function = not frame.enclosing_blocks and not frame.open_joins
    return branching.branch(
        evaluator,
        found.flag,
        (lambda: leave(evaluator, frame, found.value()), rest),
        frame,
        set(),
        branching.JoinRules(ends_function=ends_function),
    )
