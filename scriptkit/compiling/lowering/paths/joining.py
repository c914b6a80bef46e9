"""What two arms of a branch leave behind, made one.

Objects both arms knew stay the same objects. Objects that the arms made become one new object, and only if they play
the same part everywhere: who is whose alias must not depend on the arm.
"""

from __future__ import annotations

import ast
from types import MethodType
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.compiling.lowering.program import syntax
from scriptkit.compiling.lowering.program.outlets import handed_on
from scriptkit.compiling.lowering.world.effects import Snapshot
from scriptkit.compiling.lowering.world.frames import Closure
from scriptkit.compiling.lowering.world.refusing import CannotJoinError, RefusedError
from scriptkit.compiling.lowering.world.values import Dyn, Parts, Unreadable, Value, spelled, type_of
from scriptkit.language import types as t
from scriptkit.watching.sameness import is_same

if TYPE_CHECKING:
    from collections.abc import Collection

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator
    from scriptkit.compiling.lowering.world.refusing import BranchPlace

_DEEPEST = 8
_CONSTANTS = (bool, int, float, complex, str, bytes, type(None))


class Joiner:
    """Joins the outcomes of two arms; `taken` is the arm the example takes."""

    def __init__(
        self,
        evaluator: Evaluator,
        blocks: tuple[list[ast.stmt], list[ast.stmt]],
        moment: int,
        needed: Collection[str] | None,
        *,
        taken: bool,
        int_may_join_float: bool = False,
    ) -> None:
        self.evaluator = evaluator
        self.blocks = blocks
        self.moment = moment
        self.needed = needed
        self.taken = taken
        self.int_may_join_float = int_may_join_float
        self.local_since: int | None = None
        self.branch_place: BranchPlace | None = None
        self._apart: set[int] = set()
        self._joined: dict[tuple[int, int], tuple[Value, Value, Value]] = {}
        self._partners: dict[int, tuple[Any, Any]] = {}

    def states(self, first: dict[int, Snapshot], second: dict[int, Snapshot]) -> None:
        """Give every object that an arm changed its joined content."""
        older: dict[int, Any] = {}
        for state in (first, second):
            for key, snapshot in state.items():
                if self.evaluator.effects.is_older(snapshot.target, self.moment):
                    older[key] = snapshot.target
                else:
                    snapshot.restore()
        for key, target in sorted(older.items(), key=lambda pair: self._is_local(pair[1]), reverse=True):
            before = Snapshot.of(target)
            self.evaluator.effects.journal(target)
            is_environment = key in self.evaluator.effects.environments
            try:
                joined = self._content(first.get(key, before), second.get(key, before), is_environment=is_environment)
            except CannotJoinError:
                if not self._is_local(target):
                    raise
                self._apart.add(key)
            else:
                joined.restore()

    def _is_local(self, target: Any) -> bool:
        """Whether the function that ends here made an object: then nobody knows it but what the function leaves."""
        return self.local_since is not None and not self.evaluator.effects.is_older(target, self.local_since)

    def _is_apart(self, value: Value, depth: int = 0) -> bool:
        """Whether a value holds something whose content depends on the arm."""
        if id(value) in self._apart:
            return True
        if isinstance(value, (dict, list, set, tuple)) and depth < _DEEPEST:
            parts = dict.values(value) if isinstance(value, dict) else value
            if any(self._is_apart(part, depth + 1) for part in parts):
                return True
        is_opaque = hasattr(value, "__dict__") and (self._is_local(value) or isinstance(value, Closure))
        return is_opaque or isinstance(value, MethodType)

    def _content(self, one: Snapshot, other: Snapshot, *, is_environment: bool) -> Snapshot:
        if is_environment:
            return Snapshot(one.target, self._variables(one.items, other.items), None)
        return Snapshot(one.target, self._items(one.items, other.items), self._attributes(one, other))

    def _variables(self, one: dict[str, Value], other: dict[str, Value]) -> dict[str, Value]:
        made: dict[str, Value] = {}
        for name in {**one, **other}:
            if name not in one or name not in other:
                only = one.get(name, other.get(name))
                is_known = not (isinstance(only, Unreadable) and only.is_consequence)
                made[name] = Unreadable("has a value in one branch only", self.branch_place) if is_known else only
                continue
            try:
                made[name] = self.value(one[name], other[name])
            except CannotJoinError as error:
                if self.needed is None or name in self.needed:
                    raise
                made[name] = Unreadable(f"differs between the branches: {error.message}", self.branch_place)
        return made

    def _attributes(self, one: Snapshot, other: Snapshot) -> dict[str, Value] | None:
        if one.attributes is None or other.attributes is None:
            return None
        joined: dict[str, Value] = self._items(one.attributes, other.attributes)
        return joined

    def _items(self, one: Any, other: Any) -> Any:
        if one is None:
            return None
        if isinstance(one, list):
            if len(one) != len(other):
                raise CannotJoinError(f"a list has {len(one)} or {len(other)} items")
            return [self.value(a, b) for a, b in zip(one, other, strict=True)]
        if list(one) != list(other):
            raise CannotJoinError("a dictionary or an object has different entries")
        return {key: self.value(one[key], other[key]) for key in one}

    def value(self, one: Value, other: Value) -> Value:
        """One value for both."""
        if one is other:
            if self._apart and self._is_apart(one):
                raise CannotJoinError(f"a `{type(one).__name__}` whose content depends on the branch")
            return one
        if _is_same_constant(one, other):
            return one
        unreadable = [value for value in (one, other) if isinstance(value, Unreadable)]
        if unreadable:
            unknown = next((unreadable for unreadable in unreadable if unreadable.is_consequence), None)
            return unknown or Unreadable("differs between the branches", self.branch_place)
        key = (id(one), id(other))
        if key not in self._joined:
            self._joined[key] = (one, other, self._new(self.evaluator.lift(one), self.evaluator.lift(other)))
        return self._joined[key][2]

    def _new(self, one: Value, other: Value) -> Value:
        if (
            isinstance(one, Dyn)
            or isinstance(other, Dyn)
            or (isinstance(one, _CONSTANTS) and isinstance(other, _CONSTANTS))
        ):
            return self._variable(one, other)
        if type(one) is not type(other):
            raise CannotJoinError(f"a `{type(one).__name__}` or a `{type(other).__name__}`")
        if isinstance(one, (tuple, slice)):
            return self._immutable(one, other)
        if isinstance(one, (torch.dtype, torch.device)):
            return self._variable(one, other)
        if isinstance(one, MethodType) and one.__self__ is other.__self__ and one.__func__ is other.__func__:
            return one
        if isinstance(one, Closure):
            raise CannotJoinError("functions defined in the branches")
        return self._mutable(one, other)

    def _immutable(self, one: Any, other: Any) -> Value:
        if isinstance(one, slice):
            return slice(*(self.value(getattr(one, n), getattr(other, n)) for n in ("start", "stop", "step")))
        if len(one) != len(other):
            raise CannotJoinError(f"a tuple has {len(one)} or {len(other)} items")
        parts = [self.value(a, b) for a, b in zip(one, other, strict=True)]
        if hasattr(one, "_make"):
            return one._make(parts)
        made = type(one)(parts)
        if isinstance(one, Parts):
            made.names = one.names
        return made

    def _mutable(self, one: Any, other: Any) -> Value:
        effects = self.evaluator.effects
        if effects.is_older(one, self.moment) or effects.is_older(other, self.moment):
            raise CannotJoinError(f"another `{type(one).__name__}`, which other names may share")
        for mine, partner in ((one, other), (other, one)):
            if self._partners.setdefault(id(mine), (mine, partner))[1] is not partner:
                raise CannotJoinError(f"a `{type(one).__name__}` is shared in one branch only")
        if not isinstance(one, (list, dict)) and not hasattr(one, "__dict__"):
            raise CannotJoinError(f"a `{type(one).__name__}`")
        made = effects.own(_instance(type(one)))
        before = Snapshot.of(one), Snapshot.of(other)
        Snapshot(made, self._items(before[0].items, before[1].items), self._attributes(*before)).restore()
        return made

    # ---- variables of the residual program

    def _variable(self, one: Value, other: Value) -> Dyn:
        types = self._type(one), self._type(other)
        joined = self._unified(*types, one, other)
        residual = self.evaluator.residual
        examples = self._example(one), self._example(other)
        hint = next((side.name for side in (one, other) if isinstance(side, Dyn)), "either")
        made = residual.declare(joined, examples[0 if self.taken else 1], hint)
        if len({*types}) > 1 and joined == t.FLOAT:
            made.is_int_or_float, made.example, one, other = True, float(made.example), float(one), float(other)
        made.example_if_given = next(
            (e for e in (made.example, *self._examples_if_given(one, other)) if e is not None), None
        )
        for block, side in zip(self.blocks, (one, other), strict=True):
            with residual.reopened(block):
                expression = handed_on(residual.expression(side), self._type(side), block)
                if t.is_optional(joined):
                    expression = syntax.call("torch.jit.annotate", [spelled(joined), expression])
                residual.emit(ast.Assign([syntax.store(made.name)], expression))
        return made

    def _example(self, value: Value) -> Any:
        return value.example if isinstance(value, Dyn) else value

    def _examples_if_given(self, *sides: Value) -> list[Any]:
        return [side.example_if_given if isinstance(side, Dyn) else side for side in sides]

    def _type(self, value: Value) -> t.Type:
        if isinstance(value, Dyn):
            return value.type
        if isinstance(value, (list, dict, tuple)):
            raise CannotJoinError(f"a `{type(value).__name__}` or a value known only at run time")
        try:
            return type_of(value)
        except RefusedError as refusal:
            raise CannotJoinError(refusal.message) from refusal

    def _unified(self, one: t.Type, other: t.Type, first: Value, second: Value) -> t.Type:
        if t.without_none(one) == t.without_none(other):
            same = one if t.is_optional(one) else other
        elif (
            self.int_may_join_float
            and {one, other} == {t.INT, t.FLOAT}
            and not isinstance(first, Dyn) | isinstance(second, Dyn)
        ):
            same = t.FLOAT
        elif t.NONE in (one, other):
            same = t.optional(other if one == t.NONE else one)
        else:
            raise CannotJoinError(f"a `{one}` or a `{other}`")
        examples = [e for e in self._examples_if_given(first, second) if e is not None]
        if len(examples) > 1 and isinstance(examples[0], torch.dtype) != isinstance(examples[1], torch.dtype):
            raise CannotJoinError("a dtype or a number")
        return same


def _is_same_constant(one: Value, other: Value) -> bool:
    """Equal and of one type; minus zero is not zero, and not-a-number is itself."""
    return isinstance(one, _CONSTANTS) and is_same(one, other)


def _instance(cls: Any) -> Any:
    return cls.__new__(cls)
