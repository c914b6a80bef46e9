"""Hazards are found and named, safe modules are left alone, and kept traces check what they take for granted."""

from __future__ import annotations

import copy
import io
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit.compiling.tracing.trial import refuse_hazards, try_trace
from scriptkit.engines.torchscript.programs.recording import failed_check
from scriptkit.errors import OtherCallError, TraceHazardError
from scriptkit.live.comparison import compare
from tests.compiling import hazardous_models, safe_models


@pytest.mark.parametrize("case", hazardous_models.CASES, ids=lambda case: case.make.__name__)
def test_every_hazard_is_found_under_its_name(case: hazardous_models.HazardCase) -> None:
    trial = try_trace(case.make().eval(), case.inputs())
    assert case.kind in [hazard.kind.name for hazard in trial.hazards]
    assert all(hazard.place.path.endswith("hazardous_models.py") for hazard in trial.hazards)


@pytest.mark.parametrize("kind", [hazardous_models.Catches, hazardous_models.CatchesOfData])
def test_a_caught_error_of_an_operator_stops_the_recording_instead_of_the_process(kind: type[nn.Module]) -> None:
    with pytest.raises(TraceHazardError, match="whether an operator fails") as caught:
        try_trace(kind(), (torch.ones(3, 4),))
    (found,) = caught.value.diagnostics
    assert found.name == "baked-exception"
    assert found.path.endswith("hazardous_models.py")


@pytest.mark.parametrize("case", safe_models.CASES, ids=lambda case: case.name)
def test_no_safe_module_raises_an_alarm_and_its_trace_gives_what_it_gives(case: safe_models.SafeCase) -> None:
    module = case.make().eval()
    trial = try_trace(module, case.inputs())
    assert not trial.hazards
    assert not compare(copy.deepcopy(module)(*case.inputs()), trial.call(*case.inputs()))


def test_all_hazards_are_told_at_once_in_source_order() -> None:
    class Several(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            scale = x.max().item()
            if x.shape[0] > 2:
                x = x * scale
            return x[: int(x.shape[0] * 0.5)]

    with pytest.raises(TraceHazardError) as caught:
        refuse_hazards(try_trace(Several(), (torch.ones(4, 2),)), "Several")
    found = caught.value.diagnostics
    assert [d.name for d in found] == ["baked-value", "baked-branch", "baked-shape"]
    assert [d.line for d in found] == sorted(d.line for d in found)
    assert "x.max().item()" in str(caught.value)
    assert all(len(d.message) <= 88 and d.help and d.note for d in found)


def test_an_accepted_size_is_checked_by_the_trace_itself_also_after_loading() -> None:
    trial = try_trace(
        hazardous_models.Ceil(), (torch.arange(5.0),), allow_baked={"baked-shape": "the window is always five long"}
    )
    assert not trial.hazards
    assert any("the window is always five long" in text for text in trial.assumptions)
    file = io.BytesIO()
    torch.jit.save(trial.call.run, file)
    file.seek(0)
    loaded = torch.jit.load(file)
    assert torch.equal(loaded(torch.arange(5.0))[0], torch.arange(3.0))
    with pytest.raises(torch.jit.Error) as caught:
        loaded(torch.arange(8.0))
    assert "hazardous_models.py" in str(failed_check(caught.value))


def test_an_accepted_value_is_baked_where_the_user_says_so() -> None:
    case = hazardous_models.ItemAsFactor
    trial = try_trace(case(), (torch.ones(3),), allow_baked={"baked-value": "the maximum is normalised to one"})
    assert not trial.hazards
    assert torch.equal(trial.call(torch.full((3,), 2.0)), torch.full((3,), 2.0))


def test_a_hazard_can_be_accepted_by_its_line() -> None:
    place = try_trace(hazardous_models.Ceil(), (torch.ones(5),)).hazards[0].place
    assert not try_trace(hazardous_models.Ceil(), (torch.ones(5),), allow_baked={place.short: "fixed"}).hazards


def test_a_second_example_shows_what_no_perturbation_reaches() -> None:
    class Large(nn.Module):
        """Asks for the number of bytes, which no probe sees, and compares it with a limit far from the example."""

        def forward(self, x: Tensor) -> Tensor:
            return x + 1 if x.untyped_storage().nbytes() > 400 else x

    example, second = (torch.ones(2),), (torch.ones(200),)
    assert not try_trace(Large(), example).hazards
    assert try_trace(Large(), example, more=[(second, {})]).hazards


def test_the_call_keeps_signature_and_types() -> None:
    module = safe_models.Outputs()
    result = try_trace(module, (torch.ones(2, 3),)).call(x=torch.ones(4, 3))
    assert isinstance(result["pair"], safe_models.Pair)
    assert isinstance(result["detection"], safe_models.Detection)
    assert result["detection"].count == 3
    assert type(result["rows"]) is int
    assert result["rows"] == 4


@pytest.mark.parametrize(
    ("args", "kwargs", "words"),
    [
        ((torch.ones(3, 8), 1.5), {}, "argument 1 is 1.5, not 2.5"),
        ((torch.ones(3, 8), 2.5), {"keep": True}, "keep. is True"),
        ((None, 2.5), {}, "argument 0 is None, not a tensor"),
    ],
)
def test_other_plain_arguments_are_refused(args: tuple[Any, ...], kwargs: dict[str, Any], words: str) -> None:
    call = try_trace(safe_models.WithOptions(), (torch.ones(2, 8), 2.5)).call
    with pytest.raises((ValueError, TypeError), match=words):
        call(*args, **kwargs)


def test_defaults_may_be_passed_or_left_out() -> None:
    call = try_trace(safe_models.WithOptions(), (torch.ones(2, 8), 2.5)).call
    assert torch.equal(call(torch.ones(3, 8), scale=2.5, mode="sum"), torch.full((3,), 20.0))


def test_a_dict_with_another_key_is_refused() -> None:
    call = try_trace(safe_models.Inputs(), safe_models._nested()).call
    batch, pair = safe_models._nested()
    with pytest.raises(ValueError, match="keys"):
        call(batch | {"mask": torch.ones(3)}, pair)


def test_installed_code_with_a_window_is_checked_at_each_call_instead_of_refused() -> None:
    """`TransformerEncoderLayer` and the like decide by rank; the trace refuses other ranks."""
    module = safe_models.Wrapped(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)).eval()
    call = try_trace(module, safe_models.sequence()).call
    with pytest.raises(ValueError, match="2 dimensions, not 3"):
        call(torch.ones(5, 8))


class Normalised(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(3)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.norm(x) * 2
        return result


def test_what_a_function_of_torch_refuses_is_refused_by_its_trace() -> None:
    """A batch of one row has no variance: Python raises, and a trace gave no number, and kept it in the statistics."""
    net = scriptkit.compile(Normalised(), (torch.rand(4, 3),), modes={"": "trace"})
    with pytest.raises(OtherCallError, match=r"the value at .*functional\.py:\d+ is another one here"):
        net(torch.rand(1, 3))
    assert net.inner.norm.running_mean.isfinite().all()
    assert net(torch.rand(2, 3)).shape == (2, 3)


class Attending(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        result: Tensor = self.attention(x, x, x, key_padding_mask=mask)[0]
        return result


def test_a_function_of_torch_that_is_looked_into_is_traced_for_other_sizes() -> None:
    example = torch.rand(4, 2, 8), torch.zeros(2, 4, dtype=torch.bool)
    net = scriptkit.compile(Attending(), example, modes={"": "trace"})
    for rows, batch in ((3, 1), (1, 5)):
        given = torch.rand(rows, batch, 8), torch.zeros(batch, rows, dtype=torch.bool)
        assert torch.allclose(net(*given), net.inner(*given), atol=1e-6)
