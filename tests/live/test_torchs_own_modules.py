"""Torch's own modules do compiled, held and in a file what they do as Python: a few of all that are judged."""

from __future__ import annotations

import functools

import pytest
import torch
from torch import Tensor, nn

from scriptkit.live.side_by_side import run
from tools.torch_modules.__main__ import main
from tools.torch_modules.cases import Case, of_database
from tools.torch_modules.judging import compared, judged
from tools.torch_modules.options import all_options

pytestmark = pytest.mark.filterwarnings("ignore")
_CHOSEN = {
    "max_norm": ("EmbeddingBag, mean",),
    "statistics": ("BatchNorm1d, tracked True, momentum None", "BatchNorm1d, tracked True, unused"),
    "parametrised": ("spectral norm, old, Linear", "spectral norm, Linear inside", "weight norm, old, Linear"),
    "lazy": ("LazyLinear", "LazyBatchNorm1d after a call"),
    "observers": ("MinMaxObserver between layers",),
    "random": ("RReLU, unused",),
    "hooks": ("normalised before",),
}


def _options() -> list[Case]:
    return [case for case in all_options(frozenset(_CHOSEN)) if case.name in _CHOSEN[case.group] and case.training]


@pytest.mark.parametrize("case", _options(), ids=lambda case: case.name)
def test_options_that_write_are_the_same_or_refused(case: Case) -> None:
    assert [str(one) for one in judged(case) if one.verdict not in {"same", "refused"}] == []


def test_every_chosen_option_exists() -> None:
    assert {case.name for case in _options()} == {name for names in _CHOSEN.values() for name in names}


def test_samples_of_the_database_are_spread() -> None:
    every, few = (list(of_database(frozenset({"BatchNorm1d"}), most)) for most in (None, 2))
    assert len(few) == 4 < len(every)
    assert {case.training for case in few} == {True, False}
    assert [one.verdict for one in judged(few[0])] == ["same", "same", "same"]


class Stateful(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        if not torch.jit.is_scripting():  # type: ignore[attr-defined]
            self.calls += 1
        return x


def test_what_differs_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    x = torch.ones(2)
    found = list(judged(Case("own", "refuses", functools.partial(nn.Linear, 3, 3), (x,))))
    assert {one.verdict for one in found} == {"eager raises"}
    assert "own (refuses, eval) compiled eager raises: RuntimeError" in str(found[0])
    assert main(["ReLU", "--only", "database", "--most", "1"]) == 0
    assert "0 differs" in capsys.readouterr().out
    assert main(["nothing of this name"]) == 1


def test_a_form_that_leaves_another_state_is_never_the_same() -> None:
    found = [one for one in judged(Case("own", "counts", Stateful, (torch.ones(2),))) if one.door != "held"]
    assert [one.verdict for one in found] == ["same", "same"]  # lowered: its Python is what compiled code does
    expected, other = ([run(module, ((torch.ones(2),), {}), state=dict)] for module in (Stateful(), nn.Tanh()))
    told = compared(found[0].case, "compiled", expected, other)
    assert told.verdict == "differs"
    assert "call 1, output: 2 of 2 elements differ" in told.told
    other[0].error = RuntimeError("no")
    assert compared(found[0].case, "compiled", expected, other).verdict == "differs"
