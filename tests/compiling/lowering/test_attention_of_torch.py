"""Torch's own attention and transformer layers inside foreign code, with masks, on both of their paths."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import scriptkit


def layer(**options: Any) -> nn.TransformerEncoderLayer:
    return nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, **options)


PARTS: dict[str, Callable[[], nn.Module]] = {
    "attention": lambda: nn.MultiheadAttention(8, 2, batch_first=True),
    "layer": lambda: layer(batch_first=True),
    "sequence first": layer,
    "encoder": lambda: nn.TransformerEncoder(layer(batch_first=True), 1, enable_nested_tensor=False),
    "decoder": lambda: nn.TransformerDecoderLayer(8, 2, 16, dropout=0.0, batch_first=True),
}


class Foreign(nn.Module):
    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.part = PARTS[kind]()

    def forward(self, x: Tensor, mask: Tensor | None = None, **_options: Any) -> Tensor:
        if self.kind == "attention":
            return self.part(x, x, x, key_padding_mask=mask)[0]  # type: ignore[no-any-return]
        if self.kind == "decoder":
            return self.part(x, x, tgt_key_padding_mask=mask)  # type: ignore[no-any-return]
        if self.kind == "sequence first":
            return self.part(x.transpose(0, 1), src_key_padding_mask=mask).transpose(0, 1)  # type: ignore[no-any-return]
        return self.part(x, src_key_padding_mask=mask)  # type: ignore[no-any-return]


@pytest.mark.parametrize("kind", list(PARTS))
@pytest.mark.parametrize("has_mask", [False, True])
def test_it_is_lowered_and_right_for_other_sizes(kind: str, *, has_mask: bool) -> None:
    def given(rows: int, length: int) -> tuple[Tensor, ...]:
        mask = torch.arange(length) >= torch.arange(2, 2 + rows).unsqueeze(1)
        return (torch.rand(rows, length, 8), mask)[: 1 + has_mask]

    module = Foreign(kind).eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # nested tensors are in prototype stage
        net = scriptkit.compile(module, given(2, 5))
        assert scriptkit.report(net).rows[0].mode == "lowered"
        for grad in (True, False):
            with torch.set_grad_enabled(grad):
                other = given(3, 7)
                torch.testing.assert_close(net(*other), module(*other))
