"""Loops: a block of their own, or unrolled over tuples and module containers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.inference.assignments import assign
from scriptkit.language.inference.conditions import read_condition
from scriptkit.language.inference.frames import Binding, Frame, Missing
from scriptkit.language.inference.iteration import iterate
from scriptkit.language.problems.modules import BreakInUnrolledLoop
from scriptkit.language.types import UNKNOWN, Type

if TYPE_CHECKING:
    import ast
    from collections.abc import Sequence

    from scriptkit.language.abstract import AnyValue
    from scriptkit.language.inference.body import Body
    from scriptkit.language.values import Iteration


def run_for(body: Body, node: ast.For) -> bool:
    """`for`: a block of its own, or unrolled."""
    run = iterate(body, body.value(node.iter), node.iter)
    if run.unrolled:
        return _run_unrolled(body, node, run)
    if run.kind == "unknown":
        return _run_perhaps_unrolled(body, node, run)
    outside_unrolled, body.unrolled = body.unrolled, 0
    with body.inner() as frame:
        assign(body, node.target, run.element, None)
        body.block(node.body)
    body.unrolled = outside_unrolled
    _after_loop(body, frame)
    _run_else(body, node.orelse)
    return False


def _run_perhaps_unrolled(body: Body, node: ast.For, run: Iteration) -> bool:
    """A loop over what we do not know: a block of its own, or none at all."""
    before = {name: b.value for name, b in _visible(body).items()}
    outside_unrolled, body.unrolled = body.unrolled, 0
    assign(body, node.target, run.element, None)
    body.block(node.body)
    body.unrolled = outside_unrolled
    for name, binding in _visible(body).items():
        if before.get(name) != binding.value:
            body.frame.bind(name, Binding(UNKNOWN, binding.node))
    return False


def _run_else(body: Body, orelse: Sequence[ast.stmt]) -> None:
    """`else` of a loop: a syntax the rules report; nothing is known after it."""
    with body.inner(), body.doubtful():
        body.block(orelse)


def _after_loop(body: Body, frame: Frame) -> None:
    for name, binding in frame.names.items():
        outside = body.frame.find(name)
        if outside is None:
            body.frame.unusable[name] = Missing("loop", binding.node)
        elif isinstance(outside.value, Type) and outside.value.has_unknown:
            body.frame.bind(name, Binding(UNKNOWN, outside.node))


def _run_unrolled(body: Body, node: ast.For, run: Iteration) -> bool:
    if run.items is not None:
        return _run_unrolled_over(body, node, run.items)
    before = {name: b.value for name, b in _visible(body).items()}
    body.unrolled += 1
    for second in (False, True):
        with body.doubtful(doubt=second):
            assign(body, node.target, run.element, None)
            if body.block(node.body):
                break
        if not second and all(before.get(n) == b.value for n, b in _visible(body).items() if n in before):
            break
    body.unrolled -= 1
    for name, binding in _visible(body).items():
        if name in before and before[name] != binding.value:
            body.frame.bind(name, Binding(UNKNOWN, binding.node))
    return False


def _run_unrolled_over(body: Body, node: ast.For, items: Sequence[AnyValue]) -> bool:
    exits = False
    body.unrolled += 1
    seen: set[tuple[object, ...]] = set()
    for item in items[:64]:
        state = (_state(item), *((n, _state(b.value)) for n, b in _visible(body).items()))
        if state in seen:
            continue
        seen.add(state)
        assign(body, node.target, item, None)
        exits = body.block(node.body)
        if exits:
            break
    body.unrolled -= 1
    return exits


def _visible(body: Body) -> dict[str, Binding]:
    found: dict[str, Binding] = {}
    frame: Frame | None = body.frame
    while frame is not None:
        for name, binding in frame.names.items():
            found.setdefault(name, binding)
        frame = frame.parent
    return found


def run_while(body: Body, node: ast.While) -> bool:
    """`while`."""
    outside_unrolled, body.unrolled = body.unrolled, 0
    with body.inner() as frame:
        read_condition(body, node.test)
        body.block(node.body)
    body.unrolled = outside_unrolled
    _after_loop(body, frame)
    _run_else(body, node.orelse)
    return False


def run_break(body: Body, node: ast.Break) -> bool:
    """`break`."""
    return _leave(body, node, "break")


def run_continue(body: Body, node: ast.Continue) -> bool:
    """`continue`."""
    return _leave(body, node, "continue")


def _leave(body: Body, node: ast.stmt, word: str) -> bool:
    if body.unrolled > 0:
        body.report(BreakInUnrolledLoop(word=word), node)
    return False


def _state(value: AnyValue) -> object:
    return value if isinstance(value, Type) else id(value)
