"""Loops of rewritten programs: unrolled where their length is known now, else `while_loop` or `scan`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from scriptkit.engines.export import torch_names
from scriptkit.engines.export.followed import followed, nothing, packed, refuse_unknown, unpacked, within
from scriptkit.engines.export.run_lists import Growing, Rows, item_of, length, unbind
from scriptkit.engines.export.run_values import NotCarriedError, as_tensor, is_open

if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST_KNOWN = 500
"""Rounds of a loop that are unrolled at most while its condition is known."""


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
    refuse_unknown(kinds, "a loop")
    width = len(kinds)
    test, body = within(test), within(body)
    given = while_loop(
        lambda *now: as_tensor(test(*unpacked(now[:width], kinds, after=False))).reshape(()).to(torch.bool).clone(),
        lambda *now: packed(body(*unpacked(now[:width], kinds, after=False))) or nothing(),
        packed(carried) or nothing(),
    )[:width]
    return unpacked(given, kinds)


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
    refuse_unknown(kinds, "a loop")
    body = within(body)
    # torch differentiates a scan, and a `while_loop` not always rightly; a scan has as many rounds as a size says
    if lists or (set(kinds) == {"t"} and _is_of_a_size(rounds)):
        return _scanned(source, rounds, body, carried, kinds, lists)
    last = as_tensor(rounds)

    def step(index: Tensor, *now: Tensor) -> tuple[Tensor, ...]:  # pragma: no cover - torch follows it
        item = index if is_range else item_of(source, index)
        return (index + 1, *packed(body(item, *unpacked(now, kinds, after=False))[0]))

    start = torch.zeros((), dtype=torch.int64)
    given = while_loop(lambda index, *_: index < last, step, (start, *packed(carried)))
    return unpacked(given[1:], kinds), lists


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
    has_lists = bool(lists)  # torch would follow what is in them

    def step(carry: list[Tensor], item: Tensor) -> tuple[list[Tensor], list[Tensor]]:  # pragma: no cover
        now, items = body(item, *unpacked(carry[len(filler) :], kinds.upper(), after=False))
        given = [as_tensor(one).clone() for one in items] if has_lists else [torch.zeros(())]  # one has to be given
        return [*(one.clone() for one in filler), *packed(now)], given

    filler = [] if carried else [torch.zeros(())]  # something has to be carried
    over = torch.arange(rounds) if is_range else source.stacked
    last, stacked = scan(step, [*filler, *packed(carried)], over)
    rows: list[list[Any]] = [Rows(one, made) for one, made in zip(lists, stacked, strict=False)]
    return unpacked(last[len(filler) :], kinds), rows


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
    refuse_unknown(kinds, "a loop")
    most = _most_rounds(test, carried, lists)
    samples = [as_tensor(item) for item in body(*carried, *lists)[1]]
    test, body = within(test), within(body)
    stores = [torch.zeros((most, *one.shape), dtype=one.dtype, device=one.device) for one in samples]
    width = len(carried)

    def longer(count: Tensor) -> list[Growing]:  # pragma: no cover - torch follows it
        return [Growing(one, count + len(one)) for one in lists]

    def condition(count: Tensor, *now: Tensor) -> Tensor:  # pragma: no cover - torch follows it
        go = test(*unpacked(now[:width], kinds, after=False), *longer(count))
        return as_tensor(go).reshape(()).to(torch.bool).clone()

    def step(count: Tensor, *now: Tensor) -> tuple[Tensor, ...]:  # pragma: no cover - torch follows it
        new, items = body(*unpacked(now[:width], kinds, after=False), *longer(count))
        place = count.reshape(1)
        kept = [
            store.index_copy(0, place, as_tensor(item).unsqueeze(0))
            for store, item in zip(now[width:], items, strict=True)
        ]
        return (count + 1, *packed(new), *kept)

    given = while_loop(condition, step, (torch.zeros((), dtype=torch.int64), *packed(carried), *stores))
    used = given[0].item()
    torch._check(used >= 0)
    torch._check(used <= most)
    rows: list[list[Any]] = [
        Rows(one, store.narrow(0, 0, used)) for one, store in zip(lists, given[1 + width :], strict=True)
    ]
    return unpacked(given[1 : 1 + width], kinds), rows


def _most_rounds(test: Callable[..., Any], carried: tuple[Any, ...], lists: list[list[Any]]) -> int:
    """After how many more rounds the test says no, whatever the values are."""
    for more in range(1, _LONGEST_KNOWN + 1):
        if test(*carried, *([*one, *[None] * more] for one in lists)) is False:
            return more
    message = "a list grows in a loop whose number of rounds only a run knows, and nothing bounds it"
    raise NotCarriedError(message, "write into a tensor that is made before the loop, or loop over a `range`")


def while_loop(*arguments: Any) -> Any:
    """Torch's operator."""
    return followed(torch_names.while_loop, *arguments)


def scan(*arguments: Any) -> Any:
    """Torch's operator."""
    return followed(torch_names.scan, *arguments)
