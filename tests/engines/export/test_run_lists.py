"""Lists whose length only a run knows give what Python's lists give, or are refused in words."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from scriptkit.engines.export.run_lists import Growing, Rows, cat, getitem, item_of, length, pick, stack, unbind
from scriptkit.engines.export.run_values import NotCarriedError

STACKED = torch.arange(24.0).reshape(4, 2, 3)
HEAD = [torch.full((2, 3), -1.0), torch.full((2, 3), -2.0)]


@pytest.mark.parametrize("head", [[], HEAD])
@pytest.mark.parametrize("dim", [0, 1, -1])
def test_rows_are_put_together_as_a_list_is(head: list[Any], dim: int) -> None:
    rows, plain = Rows(head, STACKED), [*head, *STACKED]
    assert length(rows) == len(plain)
    assert torch.equal(cat(rows, dim), torch.cat(plain, dim))
    if dim != -1:
        assert torch.equal(stack(rows, dim), torch.stack(plain, dim))
    assert torch.equal(cat(plain, dim), torch.cat(plain, dim))
    assert torch.equal(stack(plain, dim), torch.stack(plain, dim))


@pytest.mark.parametrize("index", [0, 2, -1])
def test_items_are_those_of_python(index: int) -> None:
    for number in (index, torch.tensor(index % 4)):
        assert torch.equal(item_of(Rows([], STACKED), number), STACKED[index])
        assert torch.equal(item_of(STACKED, number), STACKED[index])
        assert torch.equal(item_of(list(STACKED), number), STACKED[index])
        assert torch.equal(getitem(Rows([], STACKED), number), STACKED[index])
        assert torch.equal(pick(STACKED, number, (0,)), STACKED[index])
        assert torch.equal(pick(list(STACKED), number, ()), STACKED[index])
    assert torch.equal(getitem(STACKED, slice(1, 3)), STACKED[1:3])


def test_numbers_at_several_places_of_an_index() -> None:
    one, two = torch.tensor(1), torch.tensor(2)
    assert torch.equal(pick(STACKED, (one, slice(None), two), (0, 2)), STACKED[1, :, 2])
    assert torch.equal(pick(STACKED, (1, slice(0, 1), 2), (0, 2)), STACKED[1, 0:1, 2])


def test_a_tensor_is_taken_apart() -> None:
    assert [t.tolist() for t in unbind(STACKED, 1)] == [t.tolist() for t in STACKED.unbind(1)]
    assert length(STACKED) == 4
    assert length([1, 2]) == 2


@pytest.mark.parametrize(
    ("read", "words"),
    [
        (lambda: item_of(Growing([], torch.tensor(2)), 0), "a list that grows in a loop is read there"),
        (lambda: item_of(Rows(HEAD, STACKED), 0), "of a length that only a run knows is read by number"),
        (lambda: getitem(Rows([], STACKED), slice(1)), "of a length that only a run knows is cut"),
    ],
)
def test_what_cannot_be_read_is_refused(read: Any, words: str) -> None:
    with pytest.raises(NotCarriedError, match=words):
        read()


def test_how_long_a_growing_list_is_only_a_run_knows() -> None:
    assert length(Growing([], torch.tensor(3))).item() == 3
