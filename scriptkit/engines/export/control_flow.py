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
from scriptkit.engines.export.run_lists import (
    Growing,
    Rows,
    cat,
    getitem,
    item_of,
    length,
    listed,
    pick,
    readable,
    set_item,
    split,
    stack,
    unbind,
    window,
)
from scriptkit.engines.export.run_values import (
    NotCarriedError,
    as_tensor,
    both,
    either,
    is_of_sizes,
    is_open,
    negated,
    rounds,
    shortest,
    to_float,
    to_int,
    truth,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = [
    "NotCarriedError",
    "aside",
    "both",
    "cat",
    "cond",
    "each",
    "either",
    "getitem",
    "give_back",
    "growing",
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
    "shortest",
    "split",
    "stack",
    "to_float",
    "to_int",
    "truth",
    "unbind",
    "window",
    "with_numbers",
]

_LONGEST_KNOWN = 500
"""Rounds of a loop that are unrolled at most while its condition is known."""


def _nothing() -> tuple[Tensor, ...]:
    """What an operator gives that gives nothing: no file holds one without a result."""
    return (torch.zeros(()),)


class _Inside:
    """Whether an operator is following a branch or a loop now, for whoever is within."""

    of_an_operator = False


def _followed(operator: Callable[..., Any], *arguments: Any) -> Any:
    """Run an operator whose parts work on tensors of their own."""
    if _Inside.of_an_operator:
        return operator(*arguments)
    _Inside.of_an_operator = True
    try:
        return operator(*arguments)
    finally:
        _Inside.of_an_operator = False


def aside(tensor: Any, condition: Any) -> Any:
    """A tensor that a branch writes to, before it: what torch keeps of it for gradients must not be written later."""
    return tensor.clone() if is_open(condition) and isinstance(tensor, Tensor) else tensor


def own(tensor: Any) -> Any:
    """A tensor that a branch or a loop writes to: a copy within an operator, whose inputs nobody may write to."""
    return tensor.clone() if _Inside.of_an_operator and isinstance(tensor, Tensor) else tensor


def give_back(tensor: Any, written: Any) -> None:
    """Write what a branch or a loop made of its own copy of a tensor."""
    if written is not tensor:
        tensor.copy_(written)


class _Given:
    """A function of a branch or a loop that is given numbers from outside.

    What is decided now calls it with them as they are. Torch follows it into an operator with tensors in their place,
    where only a run knows them: it sees no other values that a function has from outside.
    """

    def __init__(self, function: Callable[..., Any], numbers: tuple[Any, ...], kinds: str) -> None:
        self._function, self._numbers, self._kinds = function, numbers, kinds

    def __call__(self, *arguments: Any) -> Any:
        return self._function(*arguments, *self._numbers)

    def within(self) -> Callable[..., Any]:
        """The function as an operator has it."""
        kinds = "".join(
            kind if isinstance(number, torch.SymFloat) or (is_open(number) and not is_of_sizes(number)) else "?"
            for number, kind in zip(self._numbers, self._kinds, strict=True)
        )
        numbers = [n if kind == "?" else as_tensor(n) for n, kind in zip(self._numbers, kinds, strict=True)]
        function = self._function
        return lambda *arguments: function(*arguments, *_unpacked(numbers, kinds, after=False))


def with_numbers(function: Callable[..., Any], numbers: tuple[Any, ...], kinds: str) -> Callable[..., Any]:
    """A function of a branch or a loop, and the numbers that its last parameters get."""
    return _Given(function, numbers, kinds)


def _within(function: Callable[..., Any]) -> Callable[..., Any]:
    return function.within() if isinstance(function, _Given) else function


def refuse_if(condition: Any, message: str) -> None:
    """`if condition: raise RuntimeError(message)`."""
    if not is_open(condition):
        if condition:
            raise RuntimeError(message)
    elif isinstance(condition, Tensor):
        torch_names.assert_later(torch.logical_not(condition), message)
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
        message = f"{what} that only a run decides gives a value that is neither a tensor nor a number"
        raise NotCarriedError(message, "let tensors and numbers leave it, and make the rest of them behind it")


def cond(condition: Any, yes: Callable[[], Any], no: Callable[[], Any], kinds: str) -> tuple[Any, ...]:
    """`yes() if condition else no()`, each giving one value for each kind."""
    if not is_open(condition):
        return tuple(yes() if condition else no())
    if "?" in kinds and is_of_sizes(condition):
        return tuple(yes() if condition else no())
    _refuse_unknown(kinds, "a branch")
    taken, other = _within(yes), _within(no)
    arms = [lambda: _as_floats(taken(), kinds) or _nothing(), lambda: _as_floats(other(), kinds) or _nothing()]
    try:
        given = _followed(torch.cond, condition, *arms, ())[: len(kinds)]
    except Exception as error:
        if is_of_sizes(condition):  # the program is for the sizes that go this way; those of the other get one, too
            return tuple(yes() if condition else no())
        why = _why_apart(yes, no, kinds)
        if not why:
            raise
        way_out = "give both branches tensors of as many dimensions and of the same dtype and device"
        raise NotCarriedError(f"the branches give {why}", way_out) from error
    return _unpacked([_from_float(value, kind) for value, kind in zip(given, kinds, strict=True)], kinds)


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
        message = f"a loop runs more than {_LONGEST_KNOWN} rounds that are known while exporting"
        raise NotCarriedError(message, "let the loop depend on a size or a tensor of the inputs, or do fewer rounds")
    _refuse_unknown(kinds, "a loop")
    width = len(kinds)
    test, body = _within(test), _within(body)
    given = while_loop(
        lambda *now: as_tensor(test(*_unpacked(now[:width], kinds, after=False))).reshape(()).to(torch.bool).clone(),
        lambda *now: _packed(body(*_unpacked(now[:width], kinds, after=False))) or _nothing(),
        _packed(carried) or _nothing(),
    )[:width]
    return _unpacked(given, kinds)


def each(
    source: Any,
    body: Callable[..., tuple[tuple[Any, ...], tuple[Any, ...]]],
    carried: tuple[Any, ...],
    kinds: str,
    lists: list[list[Any]],
) -> tuple[tuple[Any, ...], list[list[Any]]]:
    """`for item in source: carried, items = body(item, *carried)`, each list getting one more of its items.

    `source` is a number of rounds, a tensor, or a list of any kind.
    """
    if isinstance(source, Tensor) and source.dim():
        source = unbind(source)
    if isinstance(source, Rows):
        for item in source:  # what stands before the rows
            carried = _round(body, item, carried, lists)
        source = Rows((), source.stacked)
    rounds = length(source) if isinstance(source, (Rows, list, tuple)) else source
    is_range = not isinstance(source, (Rows, list, tuple))
    if not is_open(rounds):
        for index in range(rounds):
            carried = _round(body, index if is_range else item_of(source, index), carried, lists)
        return carried, lists
    _refuse_unknown(kinds, "a loop")
    body = _within(body)
    # torch differentiates a scan, and a `while_loop` not always rightly; a scan has as many rounds as a size says
    if lists or (set(kinds) == {"t"} and _is_of_a_size(rounds)):
        return _scanned(source, rounds, body, carried, kinds, lists)
    last = as_tensor(rounds)

    def step(index: Tensor, *now: Tensor) -> tuple[Tensor, ...]:  # pragma: no cover - torch follows it
        item = index if is_range else item_of(source, index)
        return (index + 1, *_packed(body(item, *_unpacked(now, kinds, after=False))[0]))

    start = torch.zeros((), dtype=torch.int64)
    given = while_loop(lambda index, *_: index < last, step, (start, *_packed(carried)))
    return _unpacked(given[1:], kinds), lists


def _round(
    body: Callable[..., tuple[tuple[Any, ...], tuple[Any, ...]]],
    item: Any,
    carried: tuple[Any, ...],
    lists: list[list[Any]],
) -> tuple[Any, ...]:
    """One round that is run now."""
    carried, items = body(item, *carried)
    for one, new in zip(lists, items, strict=True):
        one.append(new)
    return carried


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

    def step(carry: list[Tensor], item: Tensor) -> tuple[list[Tensor], list[Tensor]]:  # pragma: no cover
        now, items = body(item, *_unpacked(carry[len(nothing) :], kinds.upper(), after=False))
        given = [as_tensor(one).clone() for one in items] if lists else [torch.zeros(())]  # something has to be given
        return [*(one.clone() for one in nothing), *_packed(now)], given

    nothing = [] if carried else [torch.zeros(())]  # something has to be carried
    over = torch.arange(rounds) if is_range else source.stacked
    last, stacked = scan(step, [*nothing, *_packed(carried)], over)
    rows: list[list[Any]] = [Rows(one, made) for one, made in zip(lists, stacked, strict=False)]
    return _unpacked(last[len(nothing) :], kinds), rows


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
    test, body = _within(test), _within(body)
    stores = [torch.zeros((most, *one.shape), dtype=one.dtype, device=one.device) for one in samples]
    width = len(carried)

    def longer(count: Tensor) -> list[Growing]:  # pragma: no cover - torch follows it
        return [Growing(one, count + len(one)) for one in lists]

    def condition(count: Tensor, *now: Tensor) -> Tensor:  # pragma: no cover - torch follows it
        go = test(*_unpacked(now[:width], kinds, after=False), *longer(count))
        return as_tensor(go).reshape(()).to(torch.bool).clone()

    def step(count: Tensor, *now: Tensor) -> tuple[Tensor, ...]:  # pragma: no cover - torch follows it
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
    for more in range(1, _LONGEST_KNOWN + 1):
        if test(*carried, *([*one, *[None] * more] for one in lists)) is False:
            return more
    message = "a list grows in a loop whose number of rounds only a run knows, and nothing bounds it"
    raise NotCarriedError(message, "write into a tensor that is made before the loop, or loop over a `range`")


def while_loop(*arguments: Any) -> Any:
    """Torch's operator."""
    return _followed(torch_names.while_loop, *arguments)


def scan(*arguments: Any) -> Any:
    """Torch's operator."""
    return _followed(torch_names.scan, *arguments)
