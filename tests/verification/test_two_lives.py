"""`verify` gives the module and each form a life of its own, finds what is wrong on purpose, and tells limits."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit.errors import OtherCallError
from tools.verify_mutants import MUTANTS, is_found, loaded_classes

KINDS = {
    "number counted": "state afterwards['n']",
    "list filled": "state afterwards['l']",
    "dictionary filled": "state afterwards['d']",
    "plain tensor written": "state afterwards['p']",
    "buffer put anew": "state afterwards['b']",
    "parameter written through data": "state afterwards['w']",
    "list argument changed": "arguments afterwards",
    "one more number drawn": "random numbers drawn",
    "optional left out": "`o` left out",
    "another flag": "another argument: False for True",
    "off by little": "double precision",
    "many rows": "dimension 0 of size 65",
    "strides": "memory of the output",
    "does not raise": "eager code raises ValueError",
}


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory) -> Any:
    mutants = [m for m in MUTANTS if m.name in KINDS]
    return loaded_classes(mutants, tmp_path_factory.mktemp("mutants"))


@pytest.mark.parametrize("name", list(KINDS))
def test_a_form_that_is_wrong_on_purpose_is_found_and_its_control_is_not(classes: Any, name: str) -> None:
    mutant = next(m for m in MUTANTS if m.name == name)
    inputs = eval(mutant.inputs, {"torch": torch})  # our own text
    with pytest.raises(scriptkit.VerificationError) as caught:
        scriptkit.verify(getattr(classes, mutant.class_name(is_control=False))().eval(), inputs)
    assert KINDS[name] in str(caught.value)
    assert is_found(getattr(classes, mutant.class_name(is_control=True))().eval(), inputs) == (False, "")


class Rows(nn.Module):
    """Lowered, it tells that it was made for calls with one branch only."""

    def forward(self, x, **options):  # type: ignore[no-untyped-def]
        if x.sum() > 0:
            return {"y": x * 2}
        return {"y": torch.from_numpy(x.numpy() * 2)}


def test_what_compile_accepts_with_a_limit_verify_does_not_contradict() -> None:
    compiled = scriptkit.compile(Rows().eval(), (torch.ones(3, 4),), modes={"": "lowered"})
    report = scriptkit.verify(compiled, (torch.ones(3, 4),), modes=["eval"])
    assert report.ok
    assert any("was not lowered" in text for text in report.skipped)


def test_a_traced_module_says_by_its_type_that_it_was_made_for_another_call() -> None:
    class Named(nn.Module):
        def forward(self, x, **options):  # type: ignore[no-untyped-def]
            assert x.dim() == 2
            return {"y": x * 2}

    compiled = scriptkit.compile(Named().eval(), (torch.ones(3, 4),), modes={"": "trace"})
    with pytest.raises(OtherCallError, match="traced for other arguments"):
        compiled(torch.ones(3, 4, 1))


class Branches(scriptkit.ScriptableModule):
    def forward(self, x: Tensor) -> Tensor:
        if bool(x.sum() > 1e9):
            return x * 3
        return x * 2


def test_branches_that_no_run_took_are_told() -> None:
    report = scriptkit.verify(Branches(), (torch.ones(3),))
    [told] = report.unreached
    assert told.startswith("test_two_lives.py:")
    assert "x.sum() > 1000000000.0" in told
    assert f"not tried: {told}" in str(report)


def test_modes_sizes_and_time_are_the_users() -> None:
    report = scriptkit.verify(Branches(), (torch.ones(3),), modes=["eval"], sizes=["grown"])
    names = {one.inputs for one in report.comparisons}
    assert {one.training for one in report.comparisons} == {False}
    assert "dimension 0 grown" in names
    assert not {"dimension 0 doubled", "dimension 0 empty"} & names
    with pytest.raises(scriptkit.VerificationError, match=r"time limit of 0\.0 s"):
        scriptkit.verify(Branches(), (torch.ones(3),), time_limit=0.0)
    with pytest.raises(ValueError, match="`modes` is a list of 'eval', 'train'"):
        scriptkit.verify(Branches(), (torch.ones(3),), modes=["training"])
