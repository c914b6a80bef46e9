"""What the `return`s inside one loop give, made one value: variables of the program where they differ."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.compiling.lowering.paths.joined_types import example_if_given, is_same_constant, joined_type, type_in_arm
from scriptkit.compiling.lowering.program import syntax
from scriptkit.compiling.lowering.world.effects import Snapshot
from scriptkit.compiling.lowering.world.refusing import CannotJoinError, RefusedError
from scriptkit.compiling.lowering.world.values import Dyn, Parts, Value, spelled
from scriptkit.language import types as t

if TYPE_CHECKING:
    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator
    from scriptkit.compiling.lowering.world.frames import EarlyReturn, OpenLoop


def items_of(evaluator: Evaluator, value: Any, loop: OpenLoop) -> list[Value] | None:
    """What a tuple holds, or a container or object made in the loop; None for everything that is one value."""
    if isinstance(value, torch.Size):
        return None
    if isinstance(value, tuple):
        return list(value)
    if not evaluator.effects.owns(value) or evaluator.effects.is_older(value, loop.begun_at):
        return None
    state = Snapshot.of(value)
    items = list(state.items.values()) if isinstance(state.items, dict) else list(state.items or ())
    return [*items, *(state.attributes or {}).values()]


@dataclass
class Made:
    """A tuple, container or object that each `return` makes anew, with the shapes of what it holds."""

    like: Any
    items: list[Any]

    def build(self, evaluator: Evaluator, items: list[Value]) -> Value:
        """Make it behind the loop."""
        like = self.like
        kind: Any = type(like)
        if isinstance(like, tuple):
            made: Any = kind._make(items) if hasattr(kind, "_make") else kind(items)
            if isinstance(like, Parts):
                made.names = like.names
            return made
        made = evaluator.effects.own(kind.__new__(kind))
        state = Snapshot.of(like)
        held = list(items)
        if isinstance(state.items, dict):
            state.items = {key: held.pop(0) for key in state.items}
        elif state.items is not None:
            state.items = [held.pop(0) for _ in state.items]
        state.attributes = None if state.attributes is None else dict(zip(state.attributes, held, strict=True))
        Snapshot(made, state.items, state.attributes).restore()
        return made


@dataclass
class Variable:
    """A value that depends on which `return` was reached: the variable, and how each of them spells the value."""

    held: Dyn
    spoken: list[ast.expr]
    may_be_none: bool


@dataclass
class Results:
    """The values of all `return`s of a loop, looked at together; that of the example first."""

    evaluator: Evaluator
    loop: OpenLoop
    returns: list[EarlyReturn]
    variables: list[Variable] = field(default_factory=list)
    # by the ids of the values of all `return`s: an object that is twice in a result is one object behind the loop
    known: dict[tuple[int, ...], Any] = field(default_factory=dict)
    partners: dict[int, tuple[int, ...]] = field(default_factory=dict)

    def shape(self, values: list[Value]) -> Any:
        """What the result is: something that is the same everywhere, a `Variable`, or `Made` of such."""
        key = tuple(map(id, values))
        if key not in self.known:
            self.known[key] = self._shape(values, key)
        return self.known[key]

    def _shape(self, values: list[Value], key: tuple[int, ...]) -> Any:
        first = values[0]
        items = [items_of(self.evaluator, value, self.loop) for value in values]
        if all(found is not None for found in items):
            return self._made(values, key, [found or [] for found in items])
        is_same = all(value is first or is_same_constant(value, first) for value in values)
        return first if is_same and not isinstance(first, Dyn) else self._variable(values)

    def _made(self, values: list[Value], key: tuple[int, ...], items: list[list[Value]]) -> Made:
        if len({type(value) for value in values}) > 1 or len(set(map(_keys, values))) > 1:
            raise _different(values)
        if not isinstance(values[0], tuple) and any(self.partners.setdefault(one, key) != key for one in key):
            raise RefusedError("return-in-nested-block", "a loop returns one container twice, and not in each `return`")
        return Made(values[0], [self.shape(list(column)) for column in zip(*items, strict=True)])

    def _variable(self, values: list[Value]) -> Variable:
        lifted = [self.evaluator.lift(value) for value in values]
        type_ = _one_type(lifted)
        if any(id(value) not in found.leaves for found, value in zip(self.returns, values, strict=True)):
            raise _different(values)
        held = self.evaluator.residual.declare(t.optional(type_), self.evaluator.example(lifted[0]), "result")
        examples = [example_if_given(value) for value in lifted]
        held.example_if_given = next((example for example in examples if example is not None), None)
        self.evaluator.residual.emit(ast.Assign([syntax.store(held.name)], _annotated(held, ast.Constant(None))))
        for value in lifted:
            if isinstance(value, Dyn) and isinstance(type_, t.List):
                held.may_be(value)
        spoken = [found.leaves[id(value)] for found, value in zip(self.returns, values, strict=True)]
        may_be_none = any(value is None or t.is_optional(type_in_arm(value)) for value in lifted)
        self.variables.append(Variable(held, spoken, may_be_none))
        return self.variables[-1]

    def fill_in(self, flag: Dyn) -> None:
        """Write the assignments that the `return`s became."""
        for number, found in enumerate(self.returns):
            targets: list[ast.expr] = [syntax.store(one.name) for one in (flag, *(v.held for v in self.variables))]
            values = [_annotated(one.held, one.spoken[number]) for one in self.variables]
            found.statement.targets, found.statement.value = targets, ast.Constant(value=True)
            if values:
                found.statement.targets = [ast.Tuple(targets, ast.Store())]
                found.statement.value = ast.Tuple([found.statement.value, *values], ast.Load())
            ast.fix_missing_locations(found.statement)

    def read(self, shape: Any) -> Value:
        """The result, behind the loop, where that returned."""
        return self._read(shape, {})

    def _read(self, shape: Any, seen: dict[int, Value]) -> Value:
        if id(shape) not in seen:
            if isinstance(shape, Made):
                seen[id(shape)] = shape.build(self.evaluator, [self._read(item, seen) for item in shape.items])
            else:
                seen[id(shape)] = self._unwrapped(shape) if isinstance(shape, Variable) else shape
        return seen[id(shape)]

    def _unwrapped(self, variable: Variable) -> Dyn:
        """The variable is None as long as nothing was returned; the result is so only where a `return` gives None."""
        held = variable.held
        if variable.may_be_none:
            return held
        value = syntax.call("torch.jit._unwrap_optional", [self.evaluator.residual.ref(held)])
        return self.evaluator.residual.bind(value, held.example_if_given, held.name, t.without_none(held.type))


def _annotated(held: Dyn, value: ast.expr) -> ast.expr:
    return syntax.call("torch.jit.annotate", [spelled(held.type), value])


def _one_type(values: list[Value]) -> t.Type:
    given = [value for value in values if value is not None]
    try:
        for value in given:
            joined_type(given[0], value, int_may_join_float=False)
        return t.without_none(type_in_arm(given[0]))
    except CannotJoinError as error:
        raise _different(values) from error


def _keys(value: Any) -> tuple[Any, ...]:
    state = Snapshot.of(value)
    items = tuple(state.items) if isinstance(state.items, dict) else len(value) if hasattr(value, "__len__") else 0
    return items, tuple(state.attributes or ())


def _different(values: list[Value]) -> RefusedError:
    kinds = sorted({str(value.type) if isinstance(value, Dyn) else type(value).__name__ for value in values})
    spoken = " or ".join(f"a `{kind}`" for kind in kinds)
    if len(kinds) == 1:
        spoken = f"{spoken} of another content each time"
    return RefusedError("return-in-nested-block", f"a loop of run-time length returns {spoken}")
