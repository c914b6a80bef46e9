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

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LONGEST_KNOWN = 500
"""Rounds of a loop that are unrolled at most while its condition is known."""


class NotCarriedError(TypeError):
    """A branch or a loop has to carry something that no operator of torch.export carries."""


def is_open(value: Any) -> bool:
    """Whether only a run knows this value."""
    if isinstance(value, Tensor):
        return True
    symbolic = isinstance(value, (torch.SymInt, torch.SymBool, torch.SymFloat))
    return symbolic and bool(value.node.expr.free_symbols)


def truth(value: Any) -> Any:
    """`bool(value)`."""
    if isinstance(value, Tensor):
        return value.reshape(()).to(torch.bool)
    if isinstance(value, (torch.SymInt, torch.SymFloat)):
        return value != 0
    return value if isinstance(value, torch.SymBool) else bool(value)


def negated(value: Any) -> Any:
    """`not value`."""
    if isinstance(value, Tensor):
        return torch.logical_not(value)
    return torch.sym_not(value) if isinstance(value, torch.SymBool) else not value


def both(one: Any, other: Any) -> Any:
    """`one and other`, of truths."""
    if isinstance(one, bool):
        return other if one else False
    if isinstance(other, bool):
        return one if other else False
    if isinstance(one, Tensor) or isinstance(other, Tensor):
        return torch.logical_and(as_tensor(one), as_tensor(other))
    return one & other


def either(one: Any, other: Any) -> Any:
    """`one or other`, of truths."""
    if isinstance(one, bool):
        return True if one else other
    if isinstance(other, bool):
        return True if other else one
    if isinstance(one, Tensor) or isinstance(other, Tensor):
        return torch.logical_or(as_tensor(one), as_tensor(other))
    return one | other


def to_int(value: Any) -> Any:
    """`int(value)`."""
    if isinstance(value, Tensor):
        whole = value.trunc() if value.dtype.is_floating_point else value
        return whole.to(torch.int64).reshape(()).item()
    if isinstance(value, torch.SymInt):
        return value
    return torch.sym_int(value) if isinstance(value, torch.SymFloat) else int(value)


def to_float(value: Any) -> Any:
    """`float(value)`."""
    if isinstance(value, Tensor):
        return value.to(torch.float64).reshape(()).item()
    return torch.sym_float(value) if isinstance(value, (torch.SymInt, torch.SymFloat)) else float(value)


def as_tensor(value: Any) -> Tensor:
    """A number as a tensor without dimensions, in the dtype that Python's number has."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, bool):
        return torch.scalar_tensor(value, dtype=torch.bool)
    if isinstance(value, torch.SymBool):
        return torch.scalar_tensor(torch.sym_ite(value, 1, 0), dtype=torch.int64).to(torch.bool)
    number: Any = value
    if isinstance(value, (int, torch.SymInt)):
        return torch.scalar_tensor(number, dtype=torch.int64)
    if isinstance(value, (float, torch.SymFloat)):
        return torch.scalar_tensor(number, dtype=torch.float64)
    raise NotCarriedError(f"a {type(value).__name__} leaves a branch or a loop that only a run decides")


def refuse_if(condition: Any, message: str) -> None:
    """`if condition: raise RuntimeError(message)`."""
    if not is_open(condition):
        if condition:
            raise RuntimeError(message)
    elif isinstance(condition, Tensor):
        torch._assert_async(torch.logical_not(condition), message)
    else:
        torch._check(torch.sym_not(condition), lambda: message)


def _packed(values: Sequence[Any]) -> tuple[Tensor, ...]:
    """Values as tensors of their own: what an operator carries must not alias what it was given."""
    return tuple(value.clone() if isinstance(value, Tensor) else as_tensor(value) for value in values)


def _unpacked(values: Sequence[Tensor], kinds: str, *, after: bool = True) -> tuple[Any, ...]:
    """Numbers again, where they may be; a bool stays a tensor, since it is only asked for its truth."""
    return tuple(
        value.item() if kind in ("ifIF" if after else "if") else value
        for value, kind in zip(values, kinds, strict=True)
    )


def _refuse_unknown(kinds: str, what: str) -> None:
    if "?" in kinds:
        raise NotCarriedError(f"{what} that only a run decides gives a value that is neither a tensor nor a number")


def cond(condition: Any, yes: Callable[[], Any], no: Callable[[], Any], kinds: str) -> tuple[Any, ...]:
    """`yes() if condition else no()`, each giving one value for each kind."""
    if not is_open(condition):
        return tuple(yes() if condition else no())
    _refuse_unknown(kinds, "a branch")
    given = torch.cond(condition, lambda: _as_floats(yes(), kinds), lambda: _as_floats(no(), kinds), ())
    return _unpacked([_from_float(value, kind) for value, kind in zip(given, kinds, strict=True)], kinds)


def _as_floats(values: Sequence[Any], kinds: str) -> tuple[Tensor, ...]:
    """Numbers as floats: torch cannot differentiate a branch that gives whole numbers beside what it differentiates."""
    packed = _packed(values)
    return tuple(one.to(torch.float64) if kind in "ib" else one for one, kind in zip(packed, kinds, strict=True))


def _from_float(value: Tensor, kind: str) -> Tensor:
    if kind == "i":
        return value.to(torch.int64)
    return value != 0 if kind == "b" else value


def loop(test: Callable[..., Any], body: Callable[..., Any], carried: tuple[Any, ...], kinds: str) -> tuple[Any, ...]:
    """`while test(*carried): carried = body(*carried)`; rounds whose test is known now are unrolled."""
    for _ in range(_LONGEST_KNOWN):
        go = test(*carried)
        if is_open(go):
            break
        if not go:
            return carried
        carried = body(*carried)
    else:
        raise NotCarriedError(f"a loop runs more than {_LONGEST_KNOWN} rounds that are known while exporting")
    _refuse_unknown(kinds, "a loop")
    given = while_loop(
        lambda *now: as_tensor(test(*_unpacked(now, kinds, after=False))).reshape(()).to(torch.bool).clone(),
        lambda *now: _packed(body(*_unpacked(now, kinds, after=False))),
        _packed(carried),
    )
    return _unpacked(given, kinds)


def each(
    source: Any,
    body: Callable[..., tuple[tuple[Any, ...], tuple[Any, ...]]],
    carried: tuple[Any, ...],
    kinds: str,
    lists: list[list[Any]],
) -> tuple[tuple[Any, ...], list[list[Any]]]:
    """`for item in source: carried, items = body(item, *carried)`, each list getting one more of its items.

    `source` is a number of rounds, or `Rows`, or any other list.
    """
    rounds = length(source) if isinstance(source, (Rows, list, tuple)) else source
    is_range = not isinstance(source, (Rows, list, tuple))
    if not is_open(rounds):
        for index in range(rounds):
            carried, items = body(index if is_range else item_of(source, index), *carried)
            for one, item in zip(lists, items, strict=True):
                one.append(item)
        return carried, lists
    _refuse_unknown(kinds, "a loop")
    # torch differentiates a scan, and a `while_loop` not always rightly; a scan has as many rounds as a size says
    if lists or (set(kinds) == {"t"} and _is_of_a_size(rounds)):
        return _scanned(source, rounds, body, carried, kinds, lists)
    last = as_tensor(rounds)

    def step(index: Tensor, *now: Tensor) -> tuple[Tensor, ...]:
        item = index if is_range else item_of(source, index)
        return (index + 1, *_packed(body(item, *_unpacked(now, kinds, after=False))[0]))

    start = torch.zeros((), dtype=torch.int64)
    given = while_loop(lambda index, *_: index < last, step, (start, *_packed(carried)))
    return _unpacked(given[1:], kinds), lists


def _is_of_a_size(number: Any) -> bool:
    """Whether a number is known from the sizes of inputs, and not from what a tensor holds."""
    return isinstance(number, torch.SymInt) and bool(number.node.has_hint())


def _scanned(
    source: Any,
    rounds: Any,
    body: Callable[..., tuple[tuple[Any, ...], tuple[Any, ...]]],
    carried: tuple[Any, ...],
    kinds: str,
    lists: list[list[Any]],
) -> tuple[tuple[Any, ...], list[list[Any]]]:
    """A loop that appends: what it appends is stacked."""
    is_range = not isinstance(source, Rows)

    def step(carry: list[Tensor], item: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        now, items = body(item, *_unpacked(carry[len(nothing) :], kinds.upper(), after=False))
        given = [as_tensor(one).clone() for one in items] if lists else [torch.zeros(())]  # something has to be given
        return [*(one.clone() for one in nothing), *_packed(now)], given

    nothing = [] if carried else [torch.zeros(())]  # something has to be carried
    over = torch.arange(rounds) if is_range else source.stacked
    last, stacked = scan(step, [*nothing, *_packed(carried)], over)
    rows: list[list[Any]] = [Rows(one, made) for one, made in zip(lists, stacked, strict=False)]
    return _unpacked(last[len(nothing) :], kinds), rows


class Growing(list[Any]):
    """A list within a loop that only a run ends: how long it is by now is a tensor, and nothing in it can be read."""

    def __init__(self, head: Sequence[Any], count: Tensor) -> None:
        super().__init__(head)
        self.used = count


def growing(
    test: Callable[..., Any],
    body: Callable[..., tuple[tuple[Any, ...], tuple[Any, ...]]],
    carried: tuple[Any, ...],
    kinds: str,
    lists: list[list[Any]],
) -> tuple[tuple[Any, ...], list[list[Any]]]:
    """`while test(...)`, each round appending to the lists. The test has to say how long they can get.

    What is appended is written into a tensor of the greatest length; after the loop the list is the part in use.
    """
    while True:
        go = test(*carried, *lists)
        if is_open(go):
            break
        if not go:
            return carried, lists
        carried, items = body(*carried, *lists)
        for one, item in zip(lists, items, strict=True):
            one.append(item)
    _refuse_unknown(kinds, "a loop")
    most = _most_rounds(test, carried, lists)
    samples = [as_tensor(item) for item in body(*carried, *lists)[1]]
    stores = [torch.zeros((most, *one.shape), dtype=one.dtype, device=one.device) for one in samples]
    width = len(carried)

    def longer(count: Tensor) -> list[Growing]:
        return [Growing(one, count + len(one)) for one in lists]

    def condition(count: Tensor, *now: Tensor) -> Tensor:
        go = test(*_unpacked(now[:width], kinds, after=False), *longer(count))
        return as_tensor(go).reshape(()).to(torch.bool).clone()

    def step(count: Tensor, *now: Tensor) -> tuple[Tensor, ...]:
        new, items = body(*_unpacked(now[:width], kinds, after=False), *longer(count))
        place = count.reshape(1)
        kept = [
            store.index_copy(0, place, as_tensor(item).unsqueeze(0))
            for store, item in zip(now[width:], items, strict=True)
        ]
        return (count + 1, *_packed(new), *kept)

    given = while_loop(condition, step, (torch.zeros((), dtype=torch.int64), *_packed(carried), *stores))
    used = given[0].item()
    torch._check(used >= 0)
    torch._check(used <= most)
    rows: list[list[Any]] = [
        Rows(one, store.narrow(0, 0, used)) for one, store in zip(lists, given[1 + width :], strict=True)
    ]
    return _unpacked(given[1 : 1 + width], kinds), rows


def _most_rounds(test: Callable[..., Any], carried: tuple[Any, ...], lists: list[list[Any]]) -> int:
    """After how many more rounds the test says no, whatever the values are."""
    for rounds in range(1, _LONGEST_KNOWN + 1):
        if test(*carried, *([*one, *[None] * rounds] for one in lists)) is False:
            return rounds
    raise NotCarriedError("a list grows in a loop whose number of rounds only a run knows, and nothing bounds it")


class Rows(list[Any]):
    """A list of tensors of one shape, of a length that only a run knows: what stood before, and one stacked tensor."""

    def __init__(self, head: Sequence[Any], stacked: Tensor) -> None:
        super().__init__(head)
        self.stacked = stacked


def unbind(tensor: Tensor, dim: int = 0) -> Any:
    """`tensor.unbind(dim)`."""
    if is_open(tensor.shape[dim]):
        return Rows((), tensor.movedim(dim, 0))
    return tensor.unbind(dim)


def stack(items: Any, dim: int = 0, **more: Any) -> Tensor:
    """`torch.stack`."""
    if not isinstance(items, Rows):
        return torch.stack(items, dim, **more)
    rows = torch.movedim(items.stacked, 0, dim)
    return torch.cat([torch.stack(list(items), dim), rows], dim) if list.__len__(items) else rows


def cat(items: Any, dim: int = 0, **more: Any) -> Tensor:
    """`torch.cat`."""
    if not isinstance(items, Rows):
        return torch.cat(items, dim, **more)
    place = dim if dim >= 0 else dim + items.stacked.dim() - 1
    rows = torch.movedim(items.stacked, 0, place).flatten(place, place + 1)
    return torch.cat([*items, rows], dim) if list.__len__(items) else rows


def length(value: Any) -> Any:
    """`len(value)`."""
    if isinstance(value, Rows):
        return list.__len__(value) + value.stacked.shape[0]
    if isinstance(value, Growing):
        return value.used
    return value.shape[0] if isinstance(value, Tensor) else len(value)


def item_of(value: Any, index: Any) -> Any:
    """`value[index]`, the index being one number."""
    if isinstance(value, Growing):
        raise NotCarriedError("a list that grows in a loop is read there")
    if isinstance(value, Rows):
        if list.__len__(value):
            raise NotCarriedError("a list of a length that only a run knows is read by number")
        return _at(value.stacked, 0, index)
    if isinstance(value, Tensor):
        return _at(value, 0, index)
    if isinstance(index, Tensor):
        return _at(torch.stack(list(value)), 0, index)
    return value[index]


def _at(tensor: Tensor, dim: int, index: Any) -> Tensor:
    """One entry along a dimension; an index that only a run knows stays a tensor."""
    if isinstance(index, Tensor):
        return tensor.index_select(dim, index.reshape(1)).squeeze(dim)
    return torch.select(tensor, dim, index)


def getitem(value: Any, index: Any) -> Any:
    """`value[index]`."""
    if isinstance(value, (Rows, Growing)):
        if isinstance(index, slice):
            raise NotCarriedError("a list of a length that only a run knows is cut")
        return item_of(value, index)
    return value[index]


def pick(value: Any, index: Any, places: tuple[int, ...]) -> Any:
    """`value[index]`, where the numbers at these places of the index may be known to a run only."""
    if isinstance(value, (Rows, Growing)) or not isinstance(value, Tensor):
        return item_of(value, index)
    parts = index if isinstance(index, tuple) else (index,)
    chosen = [(place, part) for place, part in enumerate(parts) if place in places]
    if any(part != slice(None) for place, part in enumerate(parts) if place not in places):
        return value[index]
    for place, part in reversed(chosen):
        value = _at(value, place, part)
    return value


def while_loop(*arguments: Any) -> Any:
    """Torch's operator."""
    from torch._higher_order_ops.while_loop import while_loop as operator

    return operator(*arguments)


def scan(*arguments: Any) -> Any:
    """Torch's operator."""
    from torch._higher_order_ops.scan import scan as operator

    return operator(*arguments)
