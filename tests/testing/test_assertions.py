"""The assertions pass for what is the same, and say what is not: an output, its elements, the plan, a wrong shape."""

from __future__ import annotations

from collections import OrderedDict

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import scriptkit
from scriptkit.testing import assert_same_outputs, assert_scriptable
from tests.testing.models import Lying, Net, Plain, Tolerant, Unscriptable

X = torch.rand(3, 4)


def failure(*args: object, **kwargs: object) -> str:
    with pytest.raises(AssertionError) as caught:
        assert_scriptable(*args, **kwargs)  # type: ignore[arg-type]
    return str(caught.value)


def test_a_right_module_passes_with_the_report_of_verify() -> None:
    report = assert_scriptable(Net(), (X,), wrong_inputs=[(torch.rand(3, 5),)], plan={"": "script", "fc": "script"})
    assert report.passed
    assert {one.form for one in report.comparisons} == {"compiled", "loaded"}


def test_a_plain_module_is_compiled_first() -> None:
    assert assert_scriptable(Plain(), (X,), plan={"": "script"}).passed


def test_the_module_is_left_as_it_was() -> None:
    net = nn.Sequential(nn.Linear(4, 2), nn.BatchNorm1d(2))
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    seed = torch.get_rng_state()
    assert_scriptable(net, (X,))
    assert_same_outputs(net, (X,))
    torch.testing.assert_close(net.state_dict(), before, rtol=0, atol=0)
    assert torch.equal(torch.get_rng_state(), seed)


def test_the_message_names_the_output_that_differs_and_how_the_module_was_compiled() -> None:
    told = failure(Lying(), (X,))
    assert told.startswith("Lying differs in ")
    assert "output['chances']: 2 of 6 elements differ" in told
    assert "output['scores']" not in told
    assert "compiled forward, eval: call 1, call 2, call 3" in told
    assert "(root): Lying  script" in told


def test_another_plan_is_told_as_a_difference() -> None:
    told = failure(Net(), (X,), plan={"fc": "trace", "head": "script"})
    assert "  - fc: Linear  trace\n  + fc: Linear  script  scripts as torch wrote it" in told
    assert "  - head: script, but there is no such submodule in" in told


def test_many_differing_elements_are_counted_and_other_types_are_told() -> None:
    class Same(nn.Module):
        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return x, x * 2

    class Other(nn.Module):
        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return x + 1, torch.zeros(1)

    with pytest.raises(AssertionError) as caught:
        assert_same_outputs(Other(), (X,), reference=Same())
    told = str(caught.value)
    assert "  eager output[0]: 12 of 12 elements differ" in told
    assert "      and 8 more" in told
    assert "  eager output[1]: " in told


def test_same_outputs_of_what_does_not_compile_is_a_failure_with_its_drawing() -> None:
    with pytest.raises(AssertionError, match="Unscriptable"):
        assert_same_outputs(Unscriptable(), (X,))


def test_wrong_inputs_of_a_model_that_returns_several_are_told() -> None:
    assert "wrong_inputs[0]: accepted, returns a dict" in failure(Net(), (X,), wrong_inputs=[(torch.rand(9, 4),)])


def test_wrong_inputs_that_are_accepted_fail_the_test() -> None:
    told = failure(Plain(), (X,), wrong_inputs=[(torch.rand(9, 4),)])
    assert "wrong_inputs[0]: accepted, returns a Tensor[9, 2]" in told


def test_a_size_that_only_eager_code_refuses_fails_the_test() -> None:
    told = failure(Tolerant(), (X,))
    assert "eager code raises ValueError: too wide, the compiled form does not" in told
    assert "dimension 1 grown" in told
    assert "loaded forward, eval" in told


def test_what_does_not_compile_is_drawn() -> None:
    told = failure(Unscriptable(), (X,))
    assert "Unscriptable" in told


def test_a_switched_off_module_does_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRIPTKIT_DISABLE", "1")
    net = Net()
    monkeypatch.delenv("SCRIPTKIT_DISABLE")
    assert not scriptkit.is_compiled(net)
    assert "runs as Python" in failure(net, (X,))


def test_the_same_outputs_pass() -> None:
    assert_same_outputs(Net(), (X,))
    assert_same_outputs(Plain(), (), example_kwargs={"x": X})


def test_differing_elements_stand_side_by_side() -> None:
    with pytest.raises(AssertionError) as caught:
        assert_same_outputs(Lying(), (X,))
    told = str(caught.value)
    assert "  compiled output['chances']: 2 of 6 elements differ, by at most" in told
    assert "      [0, 1]: eager 0." in told
    assert "  loaded output['chances']" in told


def test_a_migrated_model_is_held_against_the_one_it_replaces() -> None:
    old = nn.Sequential(OrderedDict(fc=nn.Linear(4, 2), act=nn.ReLU()))

    class New(scriptkit.ScriptableModule):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(4, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return F.relu(self.fc(x))

    new = New()
    with pytest.raises(AssertionError, match=r"New differs from the reference:\n  eager output: . of 6 elements"):
        assert_same_outputs(new, (X,), reference=old)
    new.load_state_dict(old.state_dict())
    assert_same_outputs(new, (X,), reference=old)


def test_arguments_that_nobody_takes_are_told_so() -> None:
    with pytest.raises(AssertionError, match="eager refuses the arguments"):
        assert_same_outputs(Net(), (torch.rand(3, 5),))


def test_a_form_that_raises_is_told() -> None:
    class Raising(scriptkit.ScriptableModule):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if torch.jit.is_scripting():  # type: ignore[attr-defined]
                raise ValueError("not here")
            return x

    with pytest.raises(AssertionError, match="compiled: raises ValueError: not here"):
        assert_same_outputs(Raising(), (X,))
