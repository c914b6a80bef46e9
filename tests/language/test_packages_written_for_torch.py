"""Functions of installed packages: some of those written for torch script, and are left to the compiler."""

from __future__ import annotations

import pytest

import scriptkit

TEXT = """
import torch
from torch import Tensor, nn
from einops import rearrange
from einops._torch_specific import apply_for_scriptable_torch
import opt_einsum

class Model(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return CALL
"""


@pytest.mark.parametrize(
    ("call", "is_found"),
    [
        ('rearrange(x, "a b -> b a")', True),
        ('opt_einsum.contract("ab->ba", x)', True),
        ("apply_for_scriptable_torch(x, x, 'sum', [])", False),
    ],
)
def test_only_what_is_known_not_to_script_is_an_error(call: str, *, is_found: bool) -> None:
    found = scriptkit.check_source(TEXT.replace("CALL", call), all_modules=True)
    assert [one.name for one in found] == ["third-party-call"] * is_found
