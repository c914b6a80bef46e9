"""Lists and dictionaries in results are lists and dictionaries for whoever loads the file with torch alone."""

from __future__ import annotations

import io
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import scriptkit


class Gives(nn.Module):
    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind, self.groups = kind, {"a": [4, 5], "b": []}

    def forward(self, x: Tensor, **_: Any) -> Any:
        n = x.size(0)
        results: dict[str, Any] = {
            "a dictionary of an attribute": self.groups,
            "lists of numbers": {"b": [n], "a": [1, 2]},
            "lists of tensors": {"a": [x], "none": [], "b": [x + 1, x]},
            "lists in lists": [[1, 2], [], [n]],
            "three deep": {"a": [[1], [2]], "b": [[n]]},
            "by number": {3: x, 1: x + 1},
            "dictionaries in dictionaries": {"a": {"b": x}, "c": {}},
            "only empty ones": {"a": [], "b": []},
            "tuples in a list": [(x, n), (x + 1, 2)],
        }
        return results[self.kind]


KINDS = (
    "a dictionary of an attribute",
    "lists of numbers",
    "lists of tensors",
    "lists in lists",
    "three deep",
    "by number",
    "dictionaries in dictionaries",
    "only empty ones",
    "tuples in a list",
)


@pytest.mark.parametrize("kind", KINDS)
def test_containers_of_one_type_stay_what_they_are(kind: str) -> None:
    plain, x = Gives(kind), torch.ones(3)
    compiled, file = scriptkit.compile(plain, (x,), modes={"": "lowered"}), io.BytesIO()
    scriptkit.save(compiled, file)
    file.seek(0)
    assert str(torch.jit.load(file)(x)) == str(plain(x)) == str(compiled(x))
