"""Buffers that are assigned anew go on from call to call, wherever in the tree they are."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule
from scriptkit.live.comparison import compare
from tests.exporting import assigning_models as models


class Limiting(ScriptableModule):
    """One of scriptkit's own."""

    def __init__(self) -> None:
        super().__init__()
        self.integral: Tensor
        self.register_buffer("integral", torch.zeros(3))

    def forward(self, x: Tensor) -> Tensor:
        self.integral = self.integral + x
        if bool((x.abs() > 1).any()):
            x = x.clamp(-1, 1)
        return x + self.integral


class Holding(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.part = Limiting()

    def forward(self, x: Tensor) -> Tensor:
        return self.part(x) * 2 + self.part(x)


MADE: dict[str, Callable[[], nn.Module]] = {
    "outermost": models.Integrating,
    "part": lambda: models.Deep(models.Integrating()),
    "beside a branch": lambda: models.Deep(models.Limiting()),
    "deeper": lambda: models.Deep(models.Deep(models.Limiting())),
    "called twice": lambda: models.Twice(models.Limiting()),
    "from outside": models.FromOutside,
    "the old one is the result": models.GivesTheOld,
    "the old one is a part's result": lambda: models.Deep(models.GivesTheOld()),
    "two exchanged": models.Swapping,
    "two exchanged in a part": lambda: models.Deep(models.Swapping()),
    "own modules": Holding,
    "in a branch": models.InABranch,
    "in a loop": models.InALoop,
    "in every step of a loop": models.Filtering,
    "in every step of a part's loop": lambda: models.Deep(models.Filtering()),
    "what comes from a layer": models.Restarting,
}


@pytest.mark.parametrize("make", MADE.values(), ids=MADE.keys())
def test_an_assigned_buffer_goes_on_from_call_to_call(make: Callable[[], nn.Module], tmp_path: Path) -> None:
    net = make()
    exported = scriptkit.export_program(net, (torch.rand(3),))
    exported.save(tmp_path / "net.pt2")
    _assert_same_calls(net, exported, scriptkit.load(tmp_path / "net.pt2"))


@pytest.mark.parametrize("is_training", [False, True])
def test_each_mode_writes_what_it_writes(is_training: bool, tmp_path: Path) -> None:
    net = models.Deep(models.Centring()).train(is_training)
    exported = scriptkit.export_program(net, (torch.rand(3),))
    exported.save(tmp_path / "net.pt2")
    _assert_same_calls(net, exported, scriptkit.load(tmp_path / "net.pt2"))
    exported.train(not is_training)
    _assert_same_calls(net.train(not is_training), exported, start=dict(exported.named_buffers()))


def _assert_same_calls(net: nn.Module, *forms: Any, start: dict[str, Tensor] | None = None) -> None:
    plain = copy.deepcopy(net)
    for name, tensor in (start or {}).items():
        plain.get_buffer(name).copy_(tensor)
    with scriptkit.eager():
        for x in torch.randn(4, 3) * 2:
            expected = plain(x)
            for form in forms:
                assert compare(expected, form(x)) == []
    for form in forms:
        buffers = dict(form.named_buffers())
        assert compare({name: plain.get_buffer(name) for name in buffers}, buffers) == []


REFUSED = [
    (models.Growing, "the buffer 'self.part.integral' has other sizes after a call than before it", "torch.cat"),
    (models.Widening, "'self.part.integral' is float32 on cpu before a call and float64 on cpu after it", ".double()"),
    (models.Emptying, "the buffer 'self.part.integral' is None after a call", "self.integral: Any = None"),
    (models.Beginning, "the buffer 'self.part.last' is None before a call and a tensor after it", "self.last = x"),
]


@pytest.mark.parametrize(("kind", "words", "line"), REFUSED, ids=lambda value: getattr(value, "__name__", ""))
def test_a_buffer_that_cannot_stay_itself_is_refused_at_its_line(
    kind: Callable[[], nn.Module], words: str, line: str
) -> None:
    net = models.Twice(kind())
    with pytest.raises(scriptkit.ExportError) as told:
        scriptkit.export_program(net, (torch.rand(3),))
    assert words in str(told.value)
    found = told.value.diagnostics[0]
    assert words in found.message
    assert found.help
    assert line in Path(found.path).read_text().splitlines()[found.line - 1]


def test_an_exported_module_is_left_as_it_was() -> None:
    net = models.Twice(models.Beginning())
    with pytest.raises(scriptkit.ExportError):
        scriptkit.export_program(net, (torch.rand(3),))
    assert net.part.last is None
