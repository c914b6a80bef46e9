"""What two arms of a branch leave behind, made one.

Objects both arms knew stay the same objects. Objects that the arms made become one new object, and only if they play
the same part everywhere: who is whose alias must not depend on the arm.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from types import MethodType
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.compiling.lowering.paths.joined_types import (
    CONSTANTS,
    example_if_given,
    is_same_constant,
    joined_type,
    type_in_arm,
)
from scriptkit.compiling.lowering.program import syntax
from scriptkit.compiling.lowering.program.loop_captures import handed_on
from scriptkit.compiling.lowering.world.effects import Snapshot
from scriptkit.compiling.lowering.world.frames import Closure
from scriptkit.compiling.lowering.world.refusing import CannotJoinError
from scriptkit.compiling.lowering.world.values import Dyn, Parts, Unreadable, Value, spelled
from scriptkit.language import types as t

if TYPE_CHECKING:
    from collections.abc import Collection

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator
    from scriptkit.compiling.lowering.world.refusing import BranchPlace

_DEEPEST = 8


@dataclass
class Joiner:
    """Joins the outcomes of two arms.

    `blocks`: the statements of the arms, to which assignments to the joined variables are appended.
    `moment`: when the first arm began. What is older was known to both arms.
    `needed`: the variables that are read later; the others may stay apart. None: all are.
    `taken`: whether the example takes the first arm.
    `local_since`: where the function ends with the branch, the moment it began. Nobody else knows what it made since.
    """

    evaluator: Evaluator
    blocks: tuple[list[ast.stmt], list[ast.stmt]]
    moment: int
    needed: Collection[str] | None
    taken: bool
    int_may_join_float: bool = False
    branch_place: BranchPlace | None = None
    local_since: int | None = None
    _apart: set[int] = field(default_factory=set)  # local objects whose content could not be joined
    # By the ids of both sides, which are kept so that no id is used twice: a pair met again is one value again, so that
    # aliases stay aliases.
    _joined: dict[tuple[int, int], tuple[Value, Value, Value]] = field(default_factory=dict)
    # With which object of the other arm an object was joined: `a is b` in one arm and not in the other would be seen by
    # code that changes `a` later.
    _partners: dict[int, tuple[Any, Any]] = field(default_factory=dict)

    def states(self, first: dict[int, Snapshot], second: dict[int, Snapshot]) -> None:
        """Give every object that an arm changed its joined content."""
        older: dict[int, Any] = {}
        for state in (first, second):
            for key, snapshot in state.items():
                if self.evaluator.effects.is_older(snapshot.target, self.moment):
                    older[key] = snapshot.target
                else:  # an object of this arm alone: it keeps what the arm gave it
                    snapshot.restore()
        # local objects first: what they cannot join is found `_apart` when the others that may hold them are joined
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
        if is_same_constant(one, other):
            return one
        unreadable = [value for value in (one, other) if isinstance(value, Unreadable)]
        if unreadable:
            unknown = next((value for value in unreadable if value.is_consequence), None)
            return unknown or Unreadable("differs between the branches", self.branch_place)
        key = (id(one), id(other))
        if key not in self._joined:
            self._joined[key] = (one, other, self._new(self.evaluator.lift(one), self.evaluator.lift(other)))
        return self._joined[key][2]

    def _new(self, one: Value, other: Value) -> Value:
        if (
            isinstance(one, Dyn)
            or isinstance(other, Dyn)
            or (isinstance(one, CONSTANTS) and isinstance(other, CONSTANTS))
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
        joined = joined_type(one, other, int_may_join_float=self.int_may_join_float)
        types = type_in_arm(one), type_in_arm(other)
        taken = one if self.taken else other
        hint = next((side.name for side in (one, other) if isinstance(side, Dyn)), "either")
        made = self.evaluator.residual.declare(joined, taken.example if isinstance(taken, Dyn) else taken, hint)
        if types[0] != types[1] and joined == t.FLOAT:  # TorchScript joins no int with a float: write both as floats
            made.is_int_or_float, made.example, one, other = True, float(made.example), float(one), float(other)
        examples = (made.example, example_if_given(one), example_if_given(other))
        made.example_if_given = next((example for example in examples if example is not None), None)
        for side in (one, other):
            if isinstance(side, Dyn) and isinstance(joined, t.List):
                made.may_be(side)
        for block, side in zip(self.blocks, (one, other), strict=True):
            self._hand_over(made, side, block)
        return made

    def _hand_over(self, made: Dyn, side: Value, block: list[ast.stmt]) -> None:
        """Assign the value of an arm to the joined variable, at the end of the arm's block."""
        residual = self.evaluator.residual
        with residual.reopened(block):
            expression = handed_on(residual.expression(side), type_in_arm(side), block)
            if t.is_optional(made.type):  # the same type in both blocks, whichever of them the compiler sees first
                expression = syntax.call("torch.jit.annotate", [spelled(made.type), expression])
            residual.emit(ast.Assign([syntax.store(made.name)], expression))


def _instance(cls: Any) -> Any:
    return cls.__new__(cls)
