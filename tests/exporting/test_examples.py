"""Every complete model of `examples/` is exported; those with loops over time are free in time."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
import torch

import scriptkit
from scriptkit.live.comparison import compare

EXAMPLES = ("residual", "lstm", "pyramid", "preprocessing", "saliency", "decoder")


def built(name: str) -> tuple[torch.nn.Module, tuple[Any, ...]]:
    module = importlib.import_module(f"examples.{name}")
    torch.manual_seed(0)
    return module.build().eval(), module.inputs()


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_exported(name: str) -> None:
    model, inputs = built(name)
    exported = scriptkit.export_program(model, inputs)
    with scriptkit.eager(), torch.no_grad():
        assert compare(model(*inputs), exported(*inputs)) == []


def test_the_tagger_is_free_in_time(tmp_path: Path) -> None:
    model, (steps,) = built("lstm")
    exported = scriptkit.export_program(model, (steps,))
    exported.save(tmp_path / "lstm.pt2")
    longer = torch.cat([steps, steps, steps[:, :1]], 1)
    with scriptkit.eager(), torch.no_grad():
        assert compare(model(longer), scriptkit.load(tmp_path / "lstm.pt2")(longer)) == []


@pytest.mark.slow
def test_the_decoder_writes_as_long_as_its_data_say() -> None:
    model, _ = built("decoder")
    exported = scriptkit.export_program(model, (torch.randint(3, 20, (4, 6)),))
    assert {(row.method, row.kind) for row in exported.dimensions if row.input == "source"} == {
        ("forward", "free"),
        ("encode", "free"),
    }
    for batch, length in ((1, 2), (3, 9)):
        source = torch.randint(3, 20, (batch, length))
        with scriptkit.eager(), torch.no_grad():
            assert compare(model(source), exported(source)) == []
