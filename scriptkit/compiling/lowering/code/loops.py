"""Loops whose length is known only at run time: one evaluation of the body, variables carried from round to round."""

from __future__ import annotations

import ast
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scriptkit.compiling.lowering.code import assignment, early_returns, lists_in_loops
from scriptkit.compiling.lowering.code.carrying import carry, carry_back, names_written
from scriptkit.compiling.lowering.paths import conditions, rounds
from scriptkit.compiling.lowering.program import syntax
from scriptkit.compiling.lowering.world.frames import OpenLoop
from scriptkit.compiling.lowering.world.outcomes import Left, Outcome
from scriptkit.compiling.lowering.world.refusing import RefusedError
from scriptkit.compiling.lowering.world.values import Dyn, Unreadable, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator
    from scriptkit.compiling.lowering.world.frames import Frame


@dataclass(frozen=True)
class Ended:
    """How a loop may have ended: with a `return`, and where it has an `else`, without a `break`."""

    found: early_returns.Exit | None
    ran_out: Dyn | None


def run_for(evaluator: Evaluator, node: ast.For, iterable: Value, frame: Frame) -> Ended:
    """`for` over something of run-time length."""
    header = rounds.over(evaluator, iterable)

    def begin() -> None:
        assignment.assign(evaluator, node.target, header.begin(evaluator.residual.method.blocks[-1]), frame)

    body, loop = _body(evaluator, node, frame, begin)
    header.refuse_changed()  # TorchScript fixes the length of a list when the loop begins, Python asks in each round
    found = early_returns.finish(evaluator, loop, body, runs=header.count > 0)
    evaluator.residual.emit(ast.For(header.target, header.source, body, []))
    _lengthen(evaluator, loop.lengths, header.count)
    return Ended(found, loop.ran_out)


def _lengthen(evaluator: Evaluator, before: dict[int, int], count: int) -> None:
    """The body was evaluated once: a list it appends to is as long as that many rounds make it.

    Its items are those of the first round again and again. From now on an operation may fail on the examples that is
    right in the program, such as a `reshape`; `has_rough_examples` remembers it.
    """
    evaluator.has_rough_examples = True
    for value in lists_in_loops.of_the_run(evaluator):
        start = before.get(id(value), 0)
        value.example = [*value.example[:start], *(value.example[start:] * count)][: rounds.LONGEST_EXAMPLE]


def run_while(evaluator: Evaluator, node: ast.While, frame: Frame) -> Ended:
    """`while` with a test known only at run time: `while True`, and `break` where the test fails."""
    runs = []

    def begin() -> None:
        condition = conditions.test(evaluator, node.test, frame)
        runs.append(bool(evaluator.example(condition)))
        test = evaluator.residual.expression(condition)
        evaluator.residual.emit(ast.If(ast.UnaryOp(ast.Not(), test), [ast.Break()], []))

    # The test may need statements of its own (`compared = n < limit`), and it has to be computed again in every round.
    # The header of a `while` has no room for statements; the body has.
    body, loop = _body(evaluator, node, frame, begin)
    found = early_returns.finish(evaluator, loop, body, runs=runs[0])
    evaluator.residual.emit(ast.While(ast.Constant(value=True), body, []))
    return Ended(found, loop.ran_out)


def _body(
    evaluator: Evaluator, node: ast.For | ast.While, frame: Frame, begin: Callable[[], None]
) -> tuple[list[ast.stmt], OpenLoop]:
    """Evaluate the body of a loop once, with its variables carried; gives its statements, and what was met in it.

    One evaluation stands for all rounds. So nothing in it may rest on what the first round finds: whatever a round may
    write is a variable of the residual program before the loop begins (`carry`), and whatever cannot be one is
    unreadable in the body. Python's own objects may not change in it at all (`Effects.loop`).
    """
    return lists_in_loops.evaluated(
        evaluator, lambda by_items: _tried(evaluator, node, frame, begin, by_items=by_items)
    )


def _tried(
    evaluator: Evaluator, node: ast.For | ast.While, frame: Frame, begin: Callable[[], None], *, by_items: bool
) -> tuple[list[ast.stmt], OpenLoop]:
    written = names_written(node, frame)
    carried = carry(evaluator, frame, node, written, by_items=by_items)
    before = dict(frame.variables)
    inside = {name: carried.get(name, _not_carried()) for name in before if name in written}
    ran_out = evaluator.residual.bind(ast.Constant(value=True), example=True, hint="ran_out") if node.orelse else None
    lengths = {id(held): len(held.example) for held in lists_in_loops.of_the_run(evaluator)}
    loop = OpenLoop(carried, evaluator.effects.now, evaluator.untaken_arms, ran_out, lengths)
    with _within(frame, loop), evaluator.residual.block() as block, evaluator.effects.loop(begins_anew=True):
        _replace(evaluator, frame, inside)
        begin()
        examples = _one_round(evaluator, node, frame, carried)
    evaluator.place.node = node
    # a tensor that grows by a `cat` in each round has another size behind the loop; its rank and type are the same
    for name, example in examples.items():
        carried[name].example = example
    _replace(evaluator, frame, _after(frame, before, written, carried))
    return block, loop


@contextmanager
def _within(frame: Frame, loop: OpenLoop) -> Iterator[None]:
    frame.enclosing_blocks += 1
    frame.loops.append(loop)
    try:
        yield
    finally:
        frame.enclosing_blocks -= 1
        frame.loops.pop()


def _one_round(
    evaluator: Evaluator, node: ast.For | ast.While, frame: Frame, carried: dict[str, Value]
) -> dict[str, Any]:
    """Evaluate the body; gives what tensors that go from round to round look like at its end."""
    outcome = evaluator.block(node.body, frame)
    if isinstance(outcome, Left):  # `jump` carried back what a `break` or `continue` leaves; a `return` needs nothing
        return {}
    if outcome is not None:
        raise RefusedError("return-in-nested-block", "a `with` or `try` block in a loop of run-time length returns")
    ends = {name: frame.variables[name] for name, held in carried.items() if isinstance(held, Dyn) and held.is_tensor}
    examples = {
        name: evaluator.example(evaluator.lift(value))
        for name, value in ends.items()
        if not isinstance(value, Unreadable)
    }
    carry_back(evaluator, frame, carried)
    return examples


def _after(frame: Frame, before: dict[str, Value], written: set[str], carried: dict[str, Value]) -> dict[str, Value]:
    """The variables after the loop: what is carried, and nothing else that a round set, for there may be no round."""
    kept = {name: value for name, value in before.items() if name not in written}
    if any(frame.variables.get(name) is not value for name, value in kept.items()):
        raise RefusedError("state-mutated-in-loop", "a variable changes in a loop in a way that is not seen")
    names = [name for name in frame.variables if name not in kept]
    set_inside = {name: Unreadable("is set in a loop of run-time length") for name in names}
    lost = {name: Unreadable("is written in a loop of run-time length") for name in sorted(written)}
    return {**set_inside, **lost, **carried}


def _not_carried() -> Unreadable:
    return Unreadable("cannot be carried from round to round of a loop of run-time length")


def _replace(evaluator: Evaluator, frame: Frame, values: dict[str, Value]) -> None:
    for name, value in values.items():
        evaluator.bind_name(frame, name, value)


def jump(evaluator: Evaluator, node: ast.Break | ast.Continue, frame: Frame) -> Outcome:
    """`break` or `continue` of a loop of the residual program."""
    loop = frame.loops[-1] if frame.loops else None
    if loop is None or not loop.takes_jumps:
        raise RefusedError("jump-in-nested-block", "`break` or `continue` leaves a `with` or `try` block")
    carry_back(evaluator, frame, loop.carried)
    if loop.ran_out is not None and isinstance(node, ast.Break):
        evaluator.residual.emit(ast.Assign([syntax.store(loop.ran_out.name)], ast.Constant(value=False)))
        loop.ran_out.example = loop.ran_out.example and evaluator.untaken_arms > loop.untaken_arms
    evaluator.residual.emit(ast.Break() if isinstance(node, ast.Break) else ast.Continue())
    return Left()
