"""Descriptions of tensors that do not fit the bytes of a `.pt2` file are refused in words, and nothing is unpickled."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit.artifact.container import container_bytes
from tests.exporting.test_exported_file import contents, resealed, saved

CONFIG = "data/weights/model_weights_config.json"


class Offset(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 3)
        self.register_buffer("empty", torch.zeros(0, 3))

    def forward(self, x: Tensor, mode: str = "sum", dtype: torch.dtype = torch.float32) -> Tensor:
        y: Tensor = self.fc(x).to(dtype) + self.empty.sum()
        return y.sum(0) if mode == "sum" else y


@pytest.fixture(scope="module")
def data() -> bytes:
    return saved(scriptkit.export_program(Offset().eval(), (torch.ones(2, 3), "sum")))


def test_it_is_loaded_as_it_is(data: bytes) -> None:
    loaded = scriptkit.load(io.BytesIO(data))
    assert loaded(torch.ones(5, 3), "sum").shape == (3,)
    with pytest.raises(Exception, match="'mode' is part of the program"):
        loaded(torch.ones(5, 3), "mean")


def replaced(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def change(entry: bytes) -> bytes:
        assert old in entry
        return entry.replace(old, new, 1)

    return change


FORGED: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "`fc.weight` is a pickle, which is never read": (CONFIG, replaced(b'"use_pickle": false', b'"use_pickle": true')),
    "`fc.weight` does not fit the 9 elements": (CONFIG, replaced(b'"as_int": 3', b'"as_int": 4')),
    "`fc.weight` does not fit the 9 elements of `data/weights/weight_0`": (
        CONFIG,
        replaced(b'"storage_offset": {"as_int": 0}', b'"storage_offset": {"as_int": -1}'),
    ),
    "the file has no `data/weights/weight_9`": (CONFIG, replaced(b'"weight_0"', b'"weight_9"')),
    "`data/weights/model_weights_config.json` cannot be read": (CONFIG, replaced(b'"config"', b'"confix"')),
    "`data/weights/weight_0` has 35 bytes, which are no whole number of torch.float32": (
        "data/weights/weight_0",
        lambda entry: entry[:-1],
    ),
}


@pytest.mark.parametrize("words", FORGED)
def test_a_description_that_does_not_fit_is_refused(data: bytes, words: str) -> None:
    name, change = FORGED[words]
    with pytest.raises(scriptkit.ArtifactError, match=re.escape(words)):
        scriptkit.load(io.BytesIO(resealed(data, name, change)))


def test_a_program_without_its_description_is_refused(data: bytes) -> None:
    import json

    entries = contents(data)
    del entries[CONFIG]
    manifest: Any = json.loads(entries["extra/scriptkit.json"])
    del manifest["checksums"][CONFIG]
    entries["extra/scriptkit.json"] = json.dumps(manifest).encode()
    with pytest.raises(scriptkit.ArtifactError):
        scriptkit.load(io.BytesIO(container_bytes(entries)))
