"""Methods of lists, dictionaries and sets; changes go through the journal."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from scriptkit.compiling.lowering.evaluator import plain_objects
from scriptkit.compiling.lowering.operations import lists
from scriptkit.compiling.lowering.world.refusing import RefusedError
from scriptkit.compiling.lowering.world.stand_ins import has_dyn
from scriptkit.compiling.lowering.world.walking import walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator
    from scriptkit.compiling.lowering.world.values import Value

_CHANGING = frozenset(
    "append extend insert pop popitem remove clear update setdefault add discard move_to_end reverse __setitem__ "
    "__delitem__ __init__".split()
)
_READING = frozenset(
    "get keys values items copy index count union intersection difference issubset issuperset __getitem__ __contains__ "
    "__len__ __iter__".split()
)
_COMPARING = frozenset({"remove", "index", "count"})


def method(
    evaluator: Evaluator, function: Any, receiver: Any, args: Sequence[Value], kwargs: dict[str, Value]
) -> Value:
    """Call a method of a list, dict or set."""
    name = function.__name__
    now = evaluator.effects.now_of(receiver)
    if now is not receiver:  # `add = found.append` before the loop that made the list one of the run
        return lists.method(evaluator, now, name, args)
    if name in _COMPARING and has_dyn((receiver, list(args))):
        raise RefusedError("comparison-not-lowered", f"`{name}` compares values known only at run time")
    if name in _CHANGING:
        evaluator.effects.changing(receiver, f"`{name}`")
    elif name in _READING:
        plain_objects.contents_of(evaluator, receiver)
    else:
        raise RefusedError("call-not-lowered", f"`{type(receiver).__name__}.{name}`")
    if name in {"extend", "update", "__init__"}:
        args = [_content(evaluator, arg) for arg in args]
    made = plain_objects.native(function, *args, **kwargs)
    if name in {"keys", "values", "items", "__iter__"}:
        return walk(evaluator.effects, made, [receiver], is_view=name != "__iter__")
    is_new = name in {"copy", "union", "intersection", "difference"}
    return evaluator.effects.own(made) if is_new else made


def _content(evaluator: Evaluator, value: Value) -> Value:
    if isinstance(value, dict):
        plain_objects.contents_of(evaluator, value)
        return dict(dict.items(value))
    return evaluator.iterate(value)


def new_dict(evaluator: Evaluator, made: Any, args: Sequence[Value], kwargs: dict[str, Value]) -> Value:
    """Fill a new dictionary as `dict(...)` does."""
    kind: Any = OrderedDict if isinstance(made, OrderedDict) else dict
    evaluator.effects.own(made)
    for arg in args:
        pairs = (
            dict.items(arg) if isinstance(arg, dict) else [evaluator.iterate(pair) for pair in evaluator.iterate(arg)]
        )
        plain_objects.contents_of(evaluator, arg)
        for key, value in pairs:
            kind.__setitem__(made, key, value)
    for key, value in kwargs.items():
        kind.__setitem__(made, key, value)
    return made


def set_item(evaluator: Evaluator, owner: Any, index: Value, value: Value) -> None:
    """`owner[index] = value` of a Python container."""
    own: Any = getattr(type(owner), "__setitem__", None)
    if not isinstance(owner, (list, dict)) or hasattr(own, "__code__"):
        if hasattr(own, "__code__") and evaluator.effects.owns(owner):
            evaluator.call(own, [owner, index, value])
            return
        raise RefusedError("state-mutated", f"an item of a `{type(owner).__name__}` is written")
    if has_dyn(index):
        raise RefusedError("index-known-at-run-time", "an item at an index known only at run time is written")
    evaluator.effects.changing(owner, "writing an item")
    plain_objects.native(own, owner, index, value)


def delete_item(evaluator: Evaluator, owner: Any, index: Value) -> None:
    """`del owner[index]`."""
    if not isinstance(owner, (list, dict)) or has_dyn(index):
        raise RefusedError("state-mutated", f"an item of a `{type(owner).__name__}` is deleted")
    evaluator.effects.changing(owner, "deleting an item")
    plain_objects.native(type(owner).__delitem__, owner, index)
