"""Comprehensions: unrolled where the length is known now, a loop of the residual program that appends where not."""

from __future__ import annotations

import ast
import copy
from typing import TYPE_CHECKING, Any

from scriptkit.compiling.lowering.code import assignment
from scriptkit.compiling.lowering.paths import conditions, refining, rounds
from scriptkit.compiling.lowering.program import syntax
from scriptkit.compiling.lowering.world.frames import Frame
from scriptkit.compiling.lowering.world.refusing import RefusedError
from scriptkit.compiling.lowering.world.values import Dyn, Value, spelled
from scriptkit.language import types as t

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator


def evaluate(evaluator: Evaluator, node: Any, frame: Frame) -> Value:
    """The value of a comprehension or a generator expression."""
    inner = Frame({}, frame.namespace, frame.path, cells=frame.cells, outer=frame)
    inner.first_argument, inner.scope = frame.first_argument, frame.scope
    evaluator.open_frame(inner)
    first = evaluator.lift(evaluator.expression(node.generators[0].iter, frame))
    if isinstance(node, (ast.ListComp, ast.GeneratorExp)) and rounds.is_open(first):
        if any(isinstance(part, ast.NamedExpr) for part in ast.walk(node)):
            return _as_a_loop(evaluator, node, frame, first)
        return _Appending(evaluator, node, inner).over(first)
    made: list[Value] = []
    for _ in _unrolled(evaluator, node.generators, inner, frame, first):
        if isinstance(node, ast.DictComp):
            made.append((evaluator.expression(node.key, inner), evaluator.expression(node.value, inner)))
        else:
            made.append(evaluator.expression(node.elt, inner))
    if isinstance(node, ast.DictComp):
        return evaluator.effects.own(dict(made))
    return evaluator.effects.own(set(made) if isinstance(node, ast.SetComp) else made)


def _unrolled(
    evaluator: Evaluator, generators: list[ast.comprehension], inner: Frame, outer: Frame, over: Value = None
) -> Iterator[None]:
    """Every round of a comprehension, its variables bound."""
    if not generators:
        yield
        return
    first, *rest = generators
    for item in evaluator.iterate(evaluator.expression(first.iter, outer) if over is None else over):
        assignment.assign(evaluator, first.target, item, inner)
        if all(_static(conditions.test(evaluator, condition, inner)) for condition in first.ifs):
            yield from _unrolled(evaluator, rest, inner, inner)


def _static(condition: Value) -> bool:
    if isinstance(condition, Dyn):
        raise RefusedError(
            "length-known-at-run-time", "a comprehension is filtered by a condition known only at run time"
        )
    return bool(condition)


def _as_a_loop(evaluator: Evaluator, node: ast.ListComp | ast.GeneratorExp, frame: Frame, first: Value) -> Value:
    """A comprehension that binds names with `:=`: they go from round to round, and outlive it."""
    if frame.scope is not frame:
        raise RefusedError("length-known-at-run-time", "a comprehension that binds names with `:=` within another one")
    suffix = f"{node.lineno}_{node.col_offset}"
    own = {part.id for one in node.generators for part in ast.walk(one.target) if isinstance(part, ast.Name)}
    renamed = _Renamed({name: f"{name}_of_comprehension_{suffix}" for name in own})
    made, over = f"made_by_comprehension_{suffix}", f"walked_by_comprehension_{suffix}"
    append = ast.Attribute(ast.Name(made, ast.Load()), "append", ast.Load())
    body: list[ast.stmt] = [ast.Expr(ast.Call(append, [renamed.visit(copy.deepcopy(node.elt))], []))]
    for one in reversed([renamed.visit(copy.deepcopy(generator)) for generator in node.generators]):
        for test in reversed(one.ifs):
            body = [ast.If(test, body, [])]
        body = [ast.For(one.target, one.iter, body, [])]
    loop = body[0]
    assert isinstance(loop, ast.For)  # noqa: S101 - it was just written above
    loop.iter = ast.Name(over, ast.Load())
    ast.fix_missing_locations(ast.copy_location(loop, node))
    evaluator.bind_name(frame, made, evaluator.effects.own([]))
    evaluator.bind_name(frame, over, first)
    outcome = evaluator.block([loop], frame)
    if outcome is not None:
        raise RefusedError("length-known-at-run-time", "a comprehension that leaves its function")
    return frame.variables[made]


class _Renamed(ast.NodeTransformer):
    """The variables of a comprehension, which are its own, under names that nothing else has."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.copy_location(ast.Name(self.names.get(node.id, node.id), node.ctx), node)


class _Appending:
    """A comprehension over something of run-time length."""

    def __init__(self, evaluator: Evaluator, node: ast.ListComp | ast.GeneratorExp, inner: Frame) -> None:
        self.evaluator = evaluator
        self.node = node
        self.inner = inner
        self.type: t.Type | None = None
        self.examples: list[Any] = []

    def over(self, first: Value) -> Dyn:
        """The loop; gives the list it fills."""
        residual = self.evaluator.residual
        made = residual.declare(t.List(t.TENSOR), [], "items")
        with residual.block() as block:
            self._loop(made, self.node.generators, first)
        if self.type is None:
            raise RefusedError("length-known-at-run-time", "a comprehension of which no round is seen")
        made.type, made.example = t.List(self.type), self.examples[: rounds.LONGEST_EXAMPLE]
        residual.emit(ast.AnnAssign(syntax.store(made.name), spelled(made.type), ast.List([], ast.Load()), 1))
        residual.splice(block)
        return made

    def _loop(self, made: Dyn, generators: list[ast.comprehension], iterable: Value) -> None:
        residual, effects = self.evaluator.residual, self.evaluator.effects
        if not rounds.is_open(iterable):
            for item in self.evaluator.iterate(iterable):
                self._round(made, generators, item)
            return
        header = rounds.over(self.evaluator, iterable)
        seen = len(self.examples)
        with residual.block() as block, effects.loop():
            self._round(made, generators, header.begin(block))
        header.refuse_changed()
        residual.emit(ast.For(header.target, header.source, block or [ast.Pass()], []))
        self.examples += self.examples[seen:] * (min(header.count, rounds.LONGEST_EXAMPLE) - 1)

    def _round(self, made: Dyn, generators: list[ast.comprehension], item: Value) -> None:
        first, *rest = generators
        assignment.assign(self.evaluator, first.target, item, self.inner)
        self._filtered(made, first.ifs, rest)

    def _filtered(self, made: Dyn, tests: list[ast.expr], rest: list[ast.comprehension]) -> None:
        evaluator = self.evaluator
        if not tests:
            self._next(made, rest)
            return
        verdict = conditions.test(evaluator, tests[0], self.inner)
        if not isinstance(verdict, Dyn):
            if verdict:
                self._filtered(made, tests[1:], rest)
            return
        with evaluator.residual.block() as block:
            refining.refine(evaluator, verdict, self.inner, side=True)
            self._filtered(made, tests[1:], rest)
        if block:
            evaluator.residual.emit(ast.If(evaluator.residual.ref(verdict), block, []))

    def _next(self, made: Dyn, rest: list[ast.comprehension]) -> None:
        if rest:
            self._loop(made, rest, self.evaluator.lift(self.evaluator.expression(rest[0].iter, self.inner)))
        else:
            self._append(made)

    def _append(self, made: Dyn) -> None:
        residual = self.evaluator.residual
        value = self.evaluator.lift(self.evaluator.expression(self.node.elt, self.inner))
        type_, expression = residual.typed(value)
        if self.type not in (None, type_):
            raise RefusedError("list-of-different-types", f"a comprehension gives a `{self.type}` and a `{type_}`")
        self.type = type_
        self.examples.append(self.evaluator.example(value))
        residual.emit(ast.Expr(syntax.call(ast.Attribute(syntax.load(made.name), "append", ast.Load()), [expression])))
