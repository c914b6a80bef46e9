"""What a caller hands to scriptkit as examples holds afterwards what it held: lists, dictionaries, sets, objects."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import scriptkit
import scriptkit.testing


class Settings:
    """An object without tensors."""

    def __init__(self) -> None:
        self.calls = 0


class Changing(nn.Module):
    """Changes everything that it is given."""

    def forward(self, x: Tensor, kept: Any, names: Any, seen: Any, settings: Any) -> Tensor:
        kept.append(x + 1)
        names["inner"]["deep"]["new"] = 1
        seen.add(5)
        settings.calls += 1
        return x * 2


DOORS: dict[str, Callable[[nn.Module, tuple[Any, ...]], object]] = {
    "compile": scriptkit.compile,
    "lowered": lambda m, given: scriptkit.compile(m, given, modes={"": "lowered"}),
    "verify": scriptkit.verify,
    "verify compiled": lambda m, given: scriptkit.verify(scriptkit.compile(m, given), given),
    "save": lambda m, given: scriptkit.save(scriptkit.compile(m, given), io.BytesIO(), example_inputs=given),
    "optimize": lambda m, given: scriptkit.optimize(scriptkit.compile(m, given), given),
    "bench": lambda m, given: scriptkit.bench(m, given, rounds=2),
    "inspect": lambda m, given: scriptkit.inspect(scriptkit.compile(m, given), given),
    "export_program": scriptkit.export_program,
    "readiness": scriptkit.readiness,
    "assert_scriptable": scriptkit.testing.assert_scriptable,
}


@pytest.mark.parametrize("door", DOORS)
def test_the_examples_are_left_alone(door: str) -> None:
    kept, names, seen, settings = [torch.ones(2)], {"inner": {"deep": {"a": 0}}}, {1}, Settings()
    with warnings.catch_warnings(), contextlib.suppress(Exception):  # a refusal leaves them alone, too
        warnings.simplefilter("ignore")
        DOORS[door](Changing(), (torch.ones(3, 2), kept, names, seen, settings))
    assert len(kept) == 1
    assert (names, seen, settings.calls) == ({"inner": {"deep": {"a": 0}}}, {1}, 0)
