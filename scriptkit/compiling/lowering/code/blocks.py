"""Statements. A block is a list of tasks, so that the rest of a function can follow into the arms of a branch.

A loop of known length is unrolled: its next round is a task of its own. `break`, `continue` and `return` under a
condition known only at run time need nothing special then: each arm gets the rest that is its own. Where that would be
more arms than a program may have, the rounds behind the first become a loop of the program.
"""

from __future__ import annotations

import ast
from contextlib import contextmanager
from typing import TYPE_CHECKING

from scriptkit.compiling.lowering.code import assignment, early_returns, loops, matching, statements, with_and_try
from scriptkit.compiling.lowering.code.tasks import Round, RoundEnd, Task, jumps_in, names_read
from scriptkit.compiling.lowering.evaluator import generators
from scriptkit.compiling.lowering.paths import branching, conditions, rounds, sealing
from scriptkit.compiling.lowering.world import walking
from scriptkit.compiling.lowering.world.refusing import CannotJoinError, ListInLoopError, RefusedError, TooLongError
from scriptkit.compiling.lowering.world.values import Dyn, Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator
    from scriptkit.compiling.lowering.world.frames import Frame
    from scriptkit.compiling.lowering.world.outcomes import Outcome

_MOST_TAIL_DUPLICATIONS = 6
_MOST_NESTED_ROUNDS = 48
_MOST_ROUNDS = 4096
_MOST_STEPS = 200_000


def run_block(evaluator: Evaluator, tasks: Sequence[Task], frame: Frame) -> Outcome:
    """Evaluate statements one after the other."""
    rest = list(tasks)
    while rest:
        task = rest.pop(0)
        _count_step(evaluator)
        if isinstance(task, RoundEnd):
            continue
        if isinstance(task, Round):
            outcome = _round(evaluator, task, rest, frame)
        else:
            evaluator.place.node = task
            outcome = _recoverable(evaluator, task, rest, frame)
        if outcome is not None:
            return outcome
    return None


def _count_step(evaluator: Evaluator) -> None:
    evaluator.steps += 1
    if evaluator.steps > _MOST_STEPS:
        raise TooLongError


def _recoverable(evaluator: Evaluator, node: ast.stmt, rest: list[Task], frame: Frame) -> Outcome:
    """A statement; while all refusals are collected, evaluation goes on after a refused one."""
    if evaluator.recovery is None:
        return _statement(evaluator, node, rest, frame)
    return evaluator.recovery.statement(evaluator, node, frame, lambda: _statement(evaluator, node, rest, frame))


def _statement(evaluator: Evaluator, node: ast.stmt, rest: list[Task], frame: Frame) -> Outcome:
    match node:
        case ast.If():
            return _if(evaluator, node, rest, frame)
        case ast.For():
            return _for(evaluator, node, rest, frame)
        case ast.While():
            rest.insert(0, Round(node, None, 0))
            return None
        case ast.Return():
            return early_returns.leave(
                evaluator, frame, evaluator.expression(node.value, frame) if node.value else None
            )
        case ast.Break() | ast.Continue():
            return _jump(evaluator, node, rest, frame)
        case ast.Match():
            rest[:0] = matching.as_branches(node)
            return None
        case ast.With() | ast.Try():
            return with_and_try.run(evaluator, node, frame)
        case _:
            statements.run(evaluator, node, frame)
            return None


# ---- branches


def _if(evaluator: Evaluator, node: ast.If, rest: list[Task], frame: Frame) -> Outcome:
    return _choose(evaluator, conditions.test(evaluator, node.test, frame), node, rest, frame)


def _choose(evaluator: Evaluator, condition: Value, node: ast.If, rest: list[Task], frame: Frame) -> Outcome:
    """The arm or arms of an `if` whose condition is evaluated."""
    evaluator.place.node = node.test
    if isinstance(condition, Dyn):
        side = sealing.seal(evaluator, condition, frame)
        condition = condition if side is None else side
    if not isinstance(condition, Dyn):  # Python decides now, and the other arm is never looked at
        rest[:0] = node.body if condition else node.orelse
        return None
    # First try: one `if`, joined right behind it, as the user wrote it.
    jumps = jumps_in([*node.body, *node.orelse])
    if not jumps and _is_joined(evaluator, condition, node, (), frame, rest):
        return None
    # Second: in an unrolled loop the rest of this round goes into both arms. What cannot be joined is mostly a value of
    # the round that nobody reads in the next one; the program grows by one round, not by all that are left.
    if jumps <= {ast.Continue}:
        inner, outer = _round_apart(rest)
        if inner and _is_joined(evaluator, condition, node, inner, frame, outer):
            rest[:] = outer
            return None
    # Third: where more rounds follow than there may be arms, all of them go into the arm that stays in the loop.
    if _ends_the_loop(node, jumps) and _is_joined_behind(evaluator, condition, node, frame, rest):
        return None
    # Last: the rest of the function goes into both arms, and nothing needs to be joined but what it returns. Each such
    # branch doubles what follows it, which is why their number is limited.
    evaluator.place.node = node.test
    if not rest and not jumps:
        raise CannotJoinError("the branches leave values that no one variable can hold")
    if frame.tail_duplications >= _MOST_TAIL_DUPLICATIONS:
        refusal = RefusedError("too-many-paths", "too many branches leave values that no one variable can hold")
        refusal.branch = sealing.here(evaluator)
        raise refusal
    frame.tail_duplications += 1
    try:
        return _arms(evaluator, condition, [*node.body, *rest], [*node.orelse, *rest], frame, None)
    finally:
        frame.tail_duplications -= 1
        rest.clear()


def _is_joined(
    evaluator: Evaluator, condition: Dyn, node: ast.If, inner: Sequence[Task], frame: Frame, rest: Sequence[Task]
) -> bool:
    """Try both arms, each followed by `inner`, and join what they leave; False, and all is as before, if that fails."""
    frame.open_joins += 1  # whatever is inside, the function does not end with it
    try:
        with evaluator.attempt():
            needed = set(names_read(rest))
            _refuse_leaving(_arms(evaluator, condition, [*node.body, *inner], [*node.orelse, *inner], frame, needed))
    except ListInLoopError:
        raise
    except CannotJoinError:
        return False
    finally:
        frame.open_joins -= 1
    return True


def _ends_the_loop(node: ast.If, jumps: set[type[ast.AST]]) -> bool:
    """Whether one arm is the end of the loop; did both go on, each round would double what follows it."""
    ends = [arm[-1] for arm in (node.body, node.orelse) if arm]
    return jumps <= {ast.Continue, ast.Break} and any(isinstance(end, ast.Break) for end in ends)


def _is_joined_behind(evaluator: Evaluator, condition: Dyn, node: ast.If, frame: Frame, rest: list[Task]) -> bool:
    """Try both arms, each with what is left of the innermost unrolled loop, and join what they leave behind it."""
    position, task = next(
        ((position, task) for position, task in enumerate(rest) if isinstance(task, (Round, RoundEnd))), (0, None)
    )
    if not isinstance(task, Round) or not _has_to_be_joined(task, frame):
        return False
    inner, outer = rest[: position + 1], rest[position + 1 :]
    if not _is_joined(evaluator, condition, node, inner, frame, outer):
        frame.unjoined_loops.add(task.node)  # each round would try again, and try all that follow it
        return False
    rest[:] = outer
    return True


def _has_to_be_joined(task: Round, frame: Frame) -> bool:
    """Whether an arm for each round is too many; deeper than Python nests blocks nothing can be joined."""
    if task.items is None or task.node in frame.unjoined_loops:
        return False
    if task.position == 1 and rounds.as_range(task.items) is not None:  # becomes a loop of the program
        return False
    left = len(task.items) - task.position
    is_too_often = bool(frame.open_joins) or frame.tail_duplications + left >= _MOST_TAIL_DUPLICATIONS
    return is_too_often and left <= _MOST_NESTED_ROUNDS


def _refuse_leaving(outcome: Outcome) -> None:
    if outcome is not None:
        raise CannotJoinError("a branch leaves the block")


def _round_apart(rest: list[Task]) -> tuple[list[Task], list[Task]]:
    """What is left of this round of the innermost unrolled loop, and what follows it; nothing where there is none."""
    for position, task in enumerate(rest):
        if isinstance(task, Round):
            return [*rest[:position], RoundEnd()], rest[position:]
    return [], rest


def _arms(
    evaluator: Evaluator,
    condition: Dyn,
    body: Sequence[Task],
    orelse: Sequence[Task],
    frame: Frame,
    needed: set[str] | None,
) -> Outcome:
    """Both arms; without `needed` they contain the rest of the block."""
    run = (lambda: run_block(evaluator, body, frame), lambda: run_block(evaluator, orelse, frame))
    ends_function = needed is None and not frame.enclosing_blocks and not frame.open_joins
    return branching.branch(
        evaluator, condition, run, frame, needed or set(), branching.JoinRules(ends_function=ends_function)
    )


# ---- loops


def _for(evaluator: Evaluator, node: ast.For, rest: list[Task], frame: Frame) -> Outcome:
    iterable = evaluator.lift(evaluator.expression(node.iter, frame))
    if rounds.is_open(iterable):
        return _behind(evaluator, node, loops.run_for(evaluator, node, iterable, frame), rest, frame)
    if isinstance(iterable, generators.Generated) or (isinstance(iterable, walking.Walked) and iterable.is_lazy):
        generators.refuse_interleaved(node.body)
    items = tuple(evaluator.iterate(iterable))
    if len(items) > _MOST_ROUNDS:
        raise RefusedError("loop-too-long", f"a loop of {len(items)} rounds would be unrolled")
    rest.insert(0, Round(node, items, 0, walking.sources_of(iterable), frame.tail_duplications))
    return None


def _round(evaluator: Evaluator, task: Round, rest: list[Task], frame: Frame) -> Outcome:
    node = task.node
    evaluator.place.node = node
    following = Round(node, task.items, task.position + 1, task.sources, task.arms)
    if isinstance(node, ast.While):
        return _while_round(evaluator, node, following, rest, frame)
    assert task.items is not None  # noqa: S101 - a `for` has items
    walking.refuse_changed(task.sources, task.position)  # Python walks the container itself, `items` is a copy
    if task.position == len(task.items):
        rest[:0] = node.orelse
        return None
    if task.position == 1 and _is_left_too_often(task.items, frame.tail_duplications - task.arms, frame):
        ended = _as_a_loop(evaluator, node, task.items[1:], frame)
        if ended is not None:
            return _behind(evaluator, node, ended, rest, frame)
    assignment.assign(evaluator, node.target, task.items[task.position], frame)
    rest[:0] = [*node.body, following]
    return None


def _is_left_too_often(items: Sequence[Value], arms: int, frame: Frame) -> bool:
    """Whether the first round left the loop under conditions, and that in every round makes too many arms."""
    return arms > 0 and (len(items) - 1) * arms > _MOST_TAIL_DUPLICATIONS - frame.tail_duplications


def _as_a_loop(evaluator: Evaluator, node: ast.For, items: Sequence[Value], frame: Frame) -> loops.Ended | None:
    """The rounds that are left as a loop of the program; None, and all is as before, where they cannot be one.

    The first round stands before it, so that what only a round sets is defined where the loop begins.
    """
    bounds = rounds.as_range(items)
    if bounds is None:
        return None
    try:
        with evaluator.attempt(), _joinable():
            return loops.run_for(evaluator, node, bounds, frame)
    except ListInLoopError:
        raise
    except CannotJoinError:
        return None


@contextmanager
def _joinable() -> Iterator[None]:
    """What is refused here is found another way; only what takes too long is refused for good."""
    try:
        yield
    except (CannotJoinError, TooLongError):
        raise
    except RefusedError as refused:
        raise CannotJoinError(refused.message) from refused


def _while_round(evaluator: Evaluator, node: ast.While, following: Round, rest: list[Task], frame: Frame) -> Outcome:
    if following.position > _MOST_ROUNDS:
        raise RefusedError("loop-too-long", "a `while` loop would be unrolled too often")
    # whether the test is static shows only when it is evaluated; if not, the loop evaluates it again in its own body
    with evaluator.residual.block() as tried:
        condition = conditions.test(evaluator, node.test, frame)
    if isinstance(condition, Dyn):
        return _behind(evaluator, node, loops.run_while(evaluator, node, frame), rest, frame)
    evaluator.residual.splice(tried)
    rest[:0] = [*node.body, following] if condition else node.orelse
    return None


def _behind(
    evaluator: Evaluator, node: ast.For | ast.While, ended: loops.Ended, rest: list[Task], frame: Frame
) -> Outcome:
    """What follows a loop of the residual program: the result, where the loop returned; its `else`; the rest."""
    if ended.found is None:
        return _else(evaluator, node, ended, rest, frame)
    following = list(rest)
    rest.clear()

    def go_on() -> Outcome:
        outcome = _else(evaluator, node, ended, following, frame)
        return run_block(evaluator, following, frame) if outcome is None else outcome

    return early_returns.behind(evaluator, ended.found, frame, go_on)


def _else(
    evaluator: Evaluator, node: ast.For | ast.While, ended: loops.Ended, rest: list[Task], frame: Frame
) -> Outcome:
    if ended.ran_out is None:
        return None
    first = node.orelse[0]
    chosen = ast.copy_location(ast.If(ast.copy_location(ast.Constant(value=True), first), node.orelse, []), first)
    return _choose(evaluator, ended.ran_out, chosen, rest, frame)


def _jump(evaluator: Evaluator, node: ast.Break | ast.Continue, rest: list[Task], frame: Frame) -> Outcome:
    for position, task in enumerate(rest):
        if isinstance(task, (Round, RoundEnd)):
            # the other arm goes on with the next round, so that this one cannot skip all of them and still be joined
            if isinstance(task, RoundEnd) and isinstance(node, ast.Break):
                raise CannotJoinError("`break` leaves the loop in one branch")
            del rest[: position + (1 if isinstance(node, ast.Break) else 0)]
            return None
    return loops.jump(evaluator, node, frame)
