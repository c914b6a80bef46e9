"""A lowered form refuses a call that it was not made for with one exception, wherever in the program that shows."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit.errors import OtherCallError

X = torch.ones(2)


class Grows(nn.Module):
    def forward(self, x: Tensor, found: list[Tensor], **_options: object) -> Tensor:
        if bool(x.sum() > 0):
            found.insert(0, x)
        return x + 1


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ((X, [X]), "line 18 was not lowered: `insert` changes a `list` that outlives the call"),
        ((-X, [X, X]), "argument 1 holds 2 items, not 1 items"),
    ],
)
def test_a_call_is_refused_by_one_exception(given: tuple[object, ...], told: str) -> None:
    compiled = scriptkit.compile(Grows(), (-X, [X]), modes={"": "lowered"})
    assert torch.equal(compiled(-X, [X]), X - X)
    with pytest.raises(OtherCallError, match=told):
        compiled(*given)
