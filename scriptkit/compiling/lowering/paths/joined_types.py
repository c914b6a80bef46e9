"""The one type that a variable of the residual program has after a branch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from scriptkit.compiling.lowering.world.refusing import CannotJoinError, RefusedError
from scriptkit.compiling.lowering.world.values import Dyn, type_of
from scriptkit.language import types as t
from scriptkit.watching.sameness import is_same

if TYPE_CHECKING:
    from scriptkit.compiling.lowering.world.values import Value

CONSTANTS = (bool, int, float, complex, str, bytes, type(None))


def joined_type(one: Value, other: Value, *, int_may_join_float: bool) -> t.Type:
    """The type that holds the values of both arms; raises `CannotJoinError` where there is none."""
    types = type_in_arm(one), type_in_arm(other)
    made = _unified(*types, int_may_join_float=int_may_join_float and not isinstance(one, Dyn) | isinstance(other, Dyn))
    # TorchScript has numbers for dtypes, so that their types agree; what Python does with them does not
    examples = [example for example in map(example_if_given, (one, other)) if example is not None]
    if len(examples) > 1 and isinstance(examples[0], torch.dtype) != isinstance(examples[1], torch.dtype):
        raise CannotJoinError("a dtype or a number")
    return made


def type_in_arm(value: Value) -> t.Type:
    """The type of a value where the arm ends."""
    if isinstance(value, Dyn):
        return value.type
    if isinstance(value, (list, dict, tuple)):
        raise CannotJoinError(f"a `{type(value).__name__}` or a value known only at run time")
    try:
        return type_of(value)
    except RefusedError as refusal:
        raise CannotJoinError(refusal.message) from refusal


def _unified(one: t.Type, other: t.Type, *, int_may_join_float: bool) -> t.Type:
    if t.without_none(one) == t.without_none(other):
        return one if t.is_optional(one) else other
    if int_may_join_float and {one, other} == {t.INT, t.FLOAT}:
        return t.FLOAT
    if t.NONE in (one, other):
        return t.optional(other if one == t.NONE else one)
    raise CannotJoinError(f"a `{one}` or a `{other}`")


def example_if_given(value: Value) -> Any:
    """What a value looks like where it is not None."""
    return value.example_if_given if isinstance(value, Dyn) else value


def is_same_constant(one: Value, other: Value) -> bool:
    """Equal and of one type; minus zero is not zero, and not-a-number is itself."""
    return isinstance(one, CONSTANTS) and is_same(one, other)
