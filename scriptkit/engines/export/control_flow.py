"""What rewritten programs call: branches and loops that are decided while the program is exported, or kept in it.

Each function looks at what the tracer has in its hands. A condition that is known now is decided now, as Python does;
one that only a run knows becomes `torch.cond`, `while_loop`, `scan`, an assertion or `.item()`. `kinds` has a letter
for each value that leaves a branch or a loop: t tensor, i int, f float, b bool, ? what no operator carries. Within a
loop an I or F stays a tensor: most operators take it so, and what it indexes needs no bounds that nobody knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from scriptkit.engines.export import torch_names
from scriptkit.engines.export.followed import (
    aside,
    followed,
    fraction,
    fraction_of_item,
    give_back,
    item,
    nothing,
    own,
    packed,
    refuse_unknown,
    unpacked,
    whole,
    with_numbers,
    within,
)
from scriptkit.engines.export.free_sizes import freed
from scriptkit.engines.export.loops import each, growing, loop
from scriptkit.engines.export.run_lists import (
    cat,
    getitem,
    item_of,
    length,
    listed,
    pick,
    readable,
    set_item,
    set_window,
    split,
    stack,
    unbind,
    window,
)
from scriptkit.engines.export.run_values import (
    NotCarriedError,
    allclose,
    as_tensor,
    both,
    either,
    equal,
    greatest,
    is_of_sizes,
    is_open,
    negated,
    rounds,
    shortest,
    smallest,
    to_int,
    truth,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = [
    "NotCarriedError",
    "allclose",
    "aside",
    "both",
    "cat",
    "cond",
    "each",
    "either",
    "equal",
    "fraction",
    "fraction_of_item",
    "freed",
    "getitem",
    "give_back",
    "greatest",
    "growing",
    "item",
    "item_of",
    "length",
    "listed",
    "loop",
    "negated",
    "own",
    "pick",
    "readable",
    "refuse_if",
    "rounds",
    "set_item",
    "set_window",
    "shortest",
    "smallest",
    "split",
    "stack",
    "to_int",
    "truth",
    "unbind",
    "whole",
    "window",
    "with_numbers",
]


def refuse_if(condition: Any, message: str) -> None:
    """`if condition: raise RuntimeError(message)`."""
    if not is_open(condition):
        if condition:
            raise RuntimeError(message)
    elif isinstance(condition, Tensor):
        torch_names.assert_later(torch.logical_not(condition), message)
    else:
        torch._check(torch.sym_not(condition), lambda: message)


def cond(condition: Any, yes: Callable[[], Any], no: Callable[[], Any], kinds: str) -> tuple[Any, ...]:
    """`yes() if condition else no()`, each giving one value for each kind."""
    if not is_open(condition):
        return tuple(yes() if condition else no())
    if "?" in kinds and is_of_sizes(condition):
        return tuple(yes() if condition else no())
    refuse_unknown(kinds, "a branch")
    if isinstance(condition, torch.SymBool) and not is_of_sizes(condition):
        condition = as_tensor(condition)
    taken, other = within(yes), within(no)
    arms = [lambda: _as_floats(taken(), kinds) or nothing(), lambda: _as_floats(other(), kinds) or nothing()]
    try:
        given = followed(torch.cond, condition, *arms, ())[: len(kinds)]
    except Exception as error:
        if is_of_sizes(condition):  # the program is for the sizes that go this way; those of the other get one, too
            return tuple(yes() if condition else no())
        why = _why_apart(yes, no, kinds)
        if not why:
            raise
        way_out = "give both branches tensors of as many dimensions and of the same dtype and device"
        raise NotCarriedError(f"the branches give {why}", way_out) from error
    return unpacked([_from_float(value, kind) for value, kind in zip(given, kinds, strict=True)], kinds)


def _why_apart(yes: Callable[[], Any], no: Callable[[], Any], kinds: str) -> str:
    """How the results of two branches differ in what torch asks to be the same; looked for when it has refused them."""
    try:
        pairs = list(zip(_as_floats(yes(), kinds), _as_floats(no(), kinds), strict=True))
    except Exception:  # noqa: BLE001 - whatever a branch raises by itself, torch's own error tells
        return ""
    for one, other in pairs:
        if one.dim() != other.dim():
            return f"tensors of {one.dim()} and {other.dim()} dimensions"
        if one.dtype != other.dtype:
            return f"tensors of {_spoken(one.dtype)} and {_spoken(other.dtype)}"
        if one.device != other.device:
            return f"tensors on {one.device} and {other.device}"
    return ""


def _spoken(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _as_floats(values: Sequence[Any], kinds: str) -> tuple[Tensor, ...]:
    """Numbers as floats: torch cannot differentiate a branch that gives whole numbers beside what it differentiates."""
    return tuple(
        one.to(torch.float64) if kind in "ib" else one for one, kind in zip(packed(values), kinds, strict=True)
    )


def _from_float(value: Tensor, kind: str) -> Tensor:
    if kind == "i":
        return value.to(torch.int64)
    return value != 0 if kind == "b" else value
