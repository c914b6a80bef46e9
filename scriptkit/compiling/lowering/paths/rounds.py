"""What a loop of run-time length walks: the header of the residual `for`, and what each round gives.

`range`, tensors and lists, and `enumerate` and `zip` of them at any depth: TorchScript has them all.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scriptkit.compiling.lowering.program import syntax
from scriptkit.compiling.lowering.world import walking
from scriptkit.compiling.lowering.world.refusing import RefusedError
from scriptkit.compiling.lowering.world.stand_ins import DynEnumerate, DynRange, DynReversed, DynZip
from scriptkit.compiling.lowering.world.values import Dyn, Value, type_of
from scriptkit.language import types as t

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator

LONGEST_EXAMPLE = 256
"""How many items the example of a list has at most that a loop makes longer."""


def is_open(iterable: Value) -> bool:
    """Whether only the run knows how many rounds there are."""
    if isinstance(iterable, Dyn):
        return not isinstance(iterable.type, t.Tuple)
    return isinstance(iterable, (DynRange, DynReversed, DynEnumerate, DynZip))


def as_range(items: Sequence[Value]) -> DynRange | None:
    """The whole numbers of these rounds as a `range` of the program; None where they are no such row."""
    numbers = [item for item in items if type(item) is int]
    if len(numbers) < 2:  # noqa: PLR2004 - a step lies between two
        return None
    step = numbers[1] - numbers[0]
    bounds = (numbers[0], numbers[-1] + step, step)
    return DynRange(bounds) if step and [*range(*bounds)] == [*items] else None


@dataclass
class Rounds:
    """A header: `for target in source`; `count` is the number of rounds on the example."""

    source: ast.expr
    target: ast.expr
    value: Callable[[], Value]
    count: int
    items: list[Dyn] = field(default_factory=list)
    walked: list[tuple[Dyn, int, object]] = field(default_factory=list)
    sources: walking.Sources = field(default_factory=list)

    def begin(self, block: list[ast.stmt]) -> Value:
        """What a round gives; its names are defined in the body of the loop."""
        for item in self.items:
            item.block = block
        return self.value()

    def refuse_changed(self) -> None:
        """A loop over a list that grows goes on in Python."""
        if any(len(over.example) != length or over.version is not version for over, length, version in self.walked):
            raise RefusedError("state-mutated-in-loop", "a list changes while a loop walks it")
        walking.refuse_changed(self.sources, 0)


def over(evaluator: Evaluator, iterable: Value) -> Rounds:
    """The header of a loop over something of run-time length."""
    if isinstance(iterable, DynRange):
        return _of_range(evaluator, iterable)
    if isinstance(iterable, DynReversed):
        made = _of_value(evaluator, iterable.made)
        made.sources += iterable.sources
        return made
    if isinstance(iterable, DynEnumerate):
        return _of_enumerate(evaluator, iterable)
    if isinstance(iterable, DynZip):
        return _of_zip(evaluator, iterable)
    if isinstance(iterable, Dyn):
        return _of_value(evaluator, iterable)
    made = _of_value(
        evaluator, evaluator.residual.list_of([evaluator.lift(item) for item in evaluator.iterate(iterable)])
    )
    made.sources += walking.sources_of(iterable)
    return made


def _of_range(evaluator: Evaluator, iterable: DynRange) -> Rounds:
    if any(not (type(b) is int or (isinstance(b, Dyn) and b.type == t.INT)) for b in iterable.bounds):
        raise RefusedError("loop-not-lowered", "`range` of anything but whole numbers")
    source = syntax.call("range", [evaluator.residual.expression(bound) for bound in iterable.bounds])
    return _of_item(evaluator, source, t.INT, 0, "index", len(range(*map(evaluator.example, iterable.bounds))))


def _of_value(evaluator: Evaluator, iterable: Dyn) -> Rounds:
    if not (iterable.is_tensor or isinstance(iterable.type, t.List)):
        raise RefusedError("loop-not-lowered", f"a loop over a `{iterable.type}`")
    if (iterable.is_tensor and not iterable.example.dim()) or not len(iterable.example):
        raise RefusedError("loop-not-lowered", "a loop over something that is empty in the example")
    example = iterable.example[0]
    type_ = iterable.type.element if isinstance(iterable.type, t.List) else type_of(example)
    made = _of_item(evaluator, evaluator.residual.ref(iterable), type_, example, "entry", len(iterable.example))
    made.walked.append((iterable, made.count, iterable.version))
    return made


def _of_item(evaluator: Evaluator, source: ast.expr, type_: t.Type, example: Any, hint: str, count: int) -> Rounds:
    item = Dyn(type_, example, evaluator.residual.method.fresh(hint), evaluator.residual.method, [])
    return Rounds(source, syntax.store(item.name), lambda: item, count, [item])


def _of_enumerate(evaluator: Evaluator, iterable: DynEnumerate) -> Rounds:
    if type(iterable.start) is not int:
        raise RefusedError("loop-not-lowered", "`enumerate` from a start known only at run time")
    inner = over(evaluator, iterable.over)
    number = Dyn(t.INT, 0, evaluator.residual.method.fresh("number"), evaluator.residual.method, [])

    def value() -> Value:
        if not iterable.start:
            return number, inner.value()
        shifted = ast.BinOp(evaluator.residual.ref(number), ast.Add(), ast.Constant(iterable.start))
        return evaluator.residual.bind(shifted, iterable.start, "number"), inner.value()

    target = ast.Tuple([syntax.store(number.name), inner.target], ast.Store())
    source = syntax.call("enumerate", [inner.source])
    return Rounds(source, target, value, inner.count, [number, *inner.items], inner.walked, inner.sources)


def _of_zip(evaluator: Evaluator, iterable: DynZip) -> Rounds:
    parts = [over(evaluator, part) for part in iterable.parts]
    if iterable.strict:
        _require_same_length(evaluator, parts)
    return Rounds(
        syntax.call("zip", [part.source for part in parts]),
        ast.Tuple([part.target for part in parts], ast.Store()),
        lambda: tuple(part.value() for part in parts),
        min(part.count for part in parts),
        [item for part in parts for item in part.items],
        [walked for part in parts for walked in part.walked],
        [source for part in parts for source in part.sources],
    )


def _require_same_length(evaluator: Evaluator, parts: list[Rounds]) -> None:
    if any(len(part.walked) != 1 for part in parts):
        raise RefusedError("loop-not-lowered", "`zip(strict=True)` of anything but tensors and lists")
    lengths = [syntax.call("len", [evaluator.residual.ref(part.walked[0][0])]) for part in parts]
    for length in lengths[1:]:
        same = ast.Compare(lengths[0], [ast.Eq()], [length])
        evaluator.residual.emit(syntax.require(same, "`zip` gets arguments of different lengths"))


def listed(evaluator: Evaluator, iterable: Value) -> Dyn:
    """`list(iterable)` over something of run-time length: a new list."""
    residual = evaluator.residual
    header = over(evaluator, iterable)
    with residual.block() as block:
        item = header.begin(block)
        type_, expression = residual.typed(item)
    if block:
        raise RefusedError("length-known-at-run-time", "a list of `enumerate` from another start than zero")
    example = [evaluator.example(item)] * min(header.count, LONGEST_EXAMPLE)
    if isinstance(iterable, Dyn):
        example = list(iterable.example)
    made = ast.ListComp(expression, [ast.comprehension(header.target, header.source, [], 0)])
    return residual.bind(made, example, "items", t.List(type_))
