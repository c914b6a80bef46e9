"""Branches whose condition is known only at run time: both arms are evaluated, and what they leave is joined.

`x = a if t > 0 else b`, from source to residual program:

1. `code/statements` wants the value of the right side; `code/expressions` finds `_if_exp` for the node and asks `test`
   for the truth of `t > 0`. Were `t` an int of Python, that would be a bool of Python: one side would be evaluated, and
   nothing of the branch be left.
2. `t` is a value of the run, a `Dyn`. `operations/comparisons` compares the example, writes `compared = t > 0`, and
   gives a `Dyn` of type bool. Its example says which arm the example inputs take, no more.
3. `choose` calls `branch` with one function for each arm. `_arm` opens a block of statements and a journal, and calls
   it. What the arm changed is noted and undone, so that the other arm starts from the same state (`Effects.arm`). An
   arm that the example does not take may be refused: it then raises in the program, and that is told.
4. `Joiner` makes one value of `a` and `b`. One object known to both stays as it is. A tensor or number on either side
   becomes a variable of the program that holds both types, named after the first side that is one, and each block
   ends with an assignment to it.
5. `_both` writes the `if`; `code/assignment` binds `x` to the new value. The residual program is

       def forward(self, a, b, t):
           compared = t > 0
           if compared:
               a_2 = a
           else:
               a_2 = b

An `if` statement goes the same way (`code/blocks`); instead of one value, all variables and objects that an arm
changed are joined. Where they cannot be, the rest of the function is evaluated in each arm.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scriptkit.compiling.lowering.evaluator import texts
from scriptkit.compiling.lowering.paths.joining import Joiner
from scriptkit.compiling.lowering.paths.refining import refine
from scriptkit.compiling.lowering.paths.sealing import here, seal
from scriptkit.compiling.lowering.program import syntax
from scriptkit.compiling.lowering.world.outcomes import Left, Outcome, Returned
from scriptkit.compiling.lowering.world.refusing import (
    MESSAGE,
    CannotJoinError,
    RaisedError,
    RefusedError,
    TooLongError,
)
from scriptkit.compiling.lowering.world.stand_ins import UnknownText

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator
    from scriptkit.compiling.lowering.world.effects import Snapshot
    from scriptkit.compiling.lowering.world.frames import Frame
    from scriptkit.compiling.lowering.world.values import Dyn, Value


@dataclass(frozen=True)
class JoinRules:
    """What may be joined.

    `ends_function`: nothing of the function follows the branch, so that its own objects need not be joined.
    `int_may_join_float`: the value goes into an expression, where an int often may be a float (`dropout(x, p)`).
    """

    ends_function: bool = False
    int_may_join_float: bool = False


@dataclass
class Arm:
    """One evaluated arm: its statements, how it ended, and what it made of the objects it changed."""

    block: list[ast.stmt]
    outcome: Outcome
    state: dict[int, Snapshot]


def branch(
    evaluator: Evaluator,
    condition: Dyn,
    run: tuple[Callable[[], Outcome], Callable[[], Outcome]],
    frame: Frame,
    needed: Collection[str] | None,
    rules: JoinRules | None = None,
) -> Outcome:
    """Evaluate both arms, write the `if`, join.

    `needed` are the variables read later; None means all.
    """
    rules = rules or JoinRules()
    branch_place = here(evaluator)
    side = seal(evaluator, condition, frame)
    if side is not None:  # the other arm raises already
        return run[0 if side else 1]()
    try:
        return _both(evaluator, condition, run, frame, needed, rules)
    except CannotJoinError as error:
        error.branch = error.branch or branch_place
        raise


def _both(
    evaluator: Evaluator,
    condition: Dyn,
    run: tuple[Callable[[], Outcome], Callable[[], Outcome]],
    frame: Frame,
    needed: Collection[str] | None,
    rules: JoinRules,
) -> Outcome:
    moment = evaluator.effects.now
    branch_place = here(evaluator)
    body = _arm(evaluator, condition, run[0], frame, side=True)
    orelse = _arm(evaluator, condition, run[1], frame, side=False)
    test = evaluator.residual.ref(condition)
    for arm, other, side in ((body, orelse, True), (orelse, body, False)):
        if isinstance(arm.outcome, Left):
            ended = test if side else ast.UnaryOp(ast.Not(), test)
            evaluator.residual.emit(ast.If(ended, arm.block, []))
            return _go_on_with(evaluator, condition, other, frame, side=not side)
    _return_from_both(body, orelse, frame)
    joiner = Joiner(
        evaluator,
        (body.block, orelse.block),
        moment,
        needed,
        taken=bool(condition.example),
        int_may_join_float=rules.int_may_join_float,
        branch_place=branch_place,
        local_since=frame.created_at if rules.ends_function else None,
    )
    outcome = _joined(joiner, body, orelse)
    if body.block or orelse.block:
        evaluator.residual.emit(ast.If(test, body.block or [evaluator.place.mark(ast.Pass())], orelse.block))
    return outcome


def _return_from_both(body: Arm, orelse: Arm, frame: Frame) -> None:
    """Where one arm returns, the other has the rest of the function in it: it ends without a `return`."""
    if (body.outcome is None) != (orelse.outcome is None):
        if frame.enclosing_blocks:
            raise RefusedError("return-in-nested-block", "a branch returns from inside a loop, `with` or `try` block")
        body.outcome, orelse.outcome = body.outcome or Returned(None), orelse.outcome or Returned(None)


def _joined(joiner: Joiner, body: Arm, orelse: Arm) -> Outcome:
    """Join objects first: the results may be some of them."""
    joiner.states(body.state, orelse.state)
    if isinstance(body.outcome, Returned) and isinstance(orelse.outcome, Returned):
        return Returned(joiner.value(body.outcome.value, orelse.outcome.value))
    return None


def _go_on_with(evaluator: Evaluator, condition: Dyn, alive: Arm, frame: Frame, *, side: bool) -> Outcome:
    """Where one arm ends, the other is the rest of the block: its statements need no block of their own."""
    # the journal undid what the arm changed, for the sake of an arm that does not go on
    for snapshot in alive.state.values():
        evaluator.effects.journal(snapshot.target)
        snapshot.restore()
    evaluator.residual.splice(alive.block)
    if not isinstance(alive.outcome, Left):
        refine(evaluator, condition, frame, side=side)
    return alive.outcome


def _arm(evaluator: Evaluator, condition: Dyn, run: Callable[[], Outcome], frame: Frame, *, side: bool) -> Arm:
    count = len(evaluator.residual.methods)
    node = evaluator.place.node
    is_taken = bool(condition.example) == side
    # statements go into a block of their own, changes of objects into a journal that undoes them at the end
    with evaluator.residual.block() as block, evaluator.effects.arm() as state:
        refined = refine(evaluator, condition, frame, side=side)
        evaluator.untaken_arms += not is_taken
        try:
            outcome = run()
        # No reason to drop the arm: somebody further out may find another way to join, or nobody has the time.
        except (CannotJoinError, TooLongError):
            del evaluator.residual.methods[count:]
            raise
        except (RefusedError, RaisedError) as error:
            if is_taken:
                raise
            outcome = _ended(evaluator, error, block, count)
        finally:
            evaluator.untaken_arms -= not is_taken
        # behind the branch a value that this arm knows not to be None is the optional it was before
        for name, value in frame.variables.items():
            if id(value) in refined:
                frame.variables[name] = refined[id(value)][1]
        for key, value in evaluator.written.items():
            if id(value) in refined:
                evaluator.written[key] = refined[id(value)][1]
    evaluator.place.node = node
    return Arm(block, outcome, state if not isinstance(outcome, Left) else {})


def _ended(evaluator: Evaluator, error: RefusedError | RaisedError, block: list[ast.stmt], count: int) -> Left:
    """An arm the example does not take raises: because the program does, or because it could not be lowered."""
    if isinstance(error, RaisedError):
        evaluator.residual.emit(syntax.fail(_message(evaluator, error)))
        return Left()
    del evaluator.residual.methods[count:]
    evaluator.drop(error)
    where = error.place
    line = getattr(where[1] if where else evaluator.place.node, "lineno", 0)
    block.clear()  # what was written before the refusal may have effects, and the arm must do nothing but raise
    evaluator.residual.emit(syntax.fail_as_limit(f"line {line} was not lowered: {error.message}"))
    return Left()


def _message(evaluator: Evaluator, raised: RaisedError) -> ast.expr:
    text = vars(raised.error).get(MESSAGE)
    if text is None:
        return ast.Constant(str(raised))
    return texts.message(evaluator, UnknownText([f"{type(raised.error).__name__}: ", *text.parts]))


def choose(
    evaluator: Evaluator, condition: Dyn, one: Callable[[], Value], other: Callable[[], Value], frame: Frame
) -> Value:
    """The value of `one() if condition else other()`."""
    outcome = branch(
        evaluator,
        condition,
        (lambda: Returned(one()), lambda: Returned(other())),
        frame,
        None,
        JoinRules(int_may_join_float=True),
    )
    if isinstance(outcome, Returned):
        return outcome.value
    raise RefusedError("branch-raises", "both sides of a conditional expression raise")
