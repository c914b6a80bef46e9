"""`verify` passes what is the same, names what is not, and changes nothing."""

from __future__ import annotations

import json
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit.verification import VerificationReport, verify


class Result(NamedTuple):
    total: Tensor
    parts: list[Tensor]


class Net(scriptkit.ScriptableModule):
    """State, randomness, a nested result, an exported method."""

    seen: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.bn, self.drop = nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Dropout(0.5)
        self.register_buffer("seen", torch.zeros(1))

    def forward(self, x: Tensor) -> Result:
        self.seen += x.size(0)
        y = self.drop(self.bn(self.fc(x)))
        return Result(y.sum() * self.seen, [y, -y])

    @scriptkit.export
    def doubled(self, x: Tensor) -> Tensor:
        return x * 2

    @scriptkit.export
    def rows_seen(self) -> Tensor:
        return self.seen


def test_a_compiled_module_passes_in_both_modes_and_forms_with_methods_and_gradients() -> None:
    report = verify(Net(), (torch.randn(5, 4),))
    assert report.passed
    assert {(c.form, c.training) for c in report.comparisons} == {
        (form, training) for form in ("compiled", "loaded") for training in (True, False)
    }
    assert {"forward", "doubled", "rows_seen"} == {c.method for c in report.comparisons}
    assert {"gradients", "call 3", "negated", "dimension 0 grown", "state after the calls"} <= {
        c.inputs for c in report.comparisons
    }


def test_verifying_changes_neither_module_nor_random_state() -> None:
    net = Net()
    state = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    random = torch.get_rng_state()
    verify(net, (torch.randn(5, 4, generator=torch.Generator().manual_seed(1)),))
    assert torch.equal(torch.get_rng_state(), random)
    assert net.training
    assert all(torch.equal(tensor, state[name]) for name, tensor in net.state_dict().items())
    assert all(parameter.grad is None for parameter in net.parameters())


class Fickle(nn.Module):
    """Computes something else where it is compiled."""

    def forward(self, x: Tensor) -> Tensor:
        if torch.jit.is_scripting():  # type: ignore[attr-defined]
            return x + 1
        return x


class Around(scriptkit.ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.inner, self.last = nn.Linear(4, 4), Fickle(), nn.ReLU()

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        y = self.inner(self.first(x))
        return {"raw": y, "result": self.last(y), "untouched": x}


def test_a_difference_is_named_by_path_size_and_first_submodule() -> None:
    with pytest.raises(scriptkit.VerificationError) as caught:
        verify(Around().eval(), (torch.randn(3, 4),))
    report = caught.value.report
    assert isinstance(report, VerificationReport)
    paths = {d.path for failure in report.failures for d in failure.differences if failure.method == "forward"}
    assert "output['raw']" in paths
    assert "output['untouched']" not in paths
    assert report.first_submodule == "inner"
    assert report.largest_difference > 0
    assert "first submodule whose output differs: inner" in str(caught.value)
    assert json.loads(report.as_json())["passed"] is False


def test_tolerance_is_the_users_if_given() -> None:
    class Rounded(scriptkit.ScriptableModule):
        def forward(self, x: Tensor) -> Tensor:
            if torch.jit.is_scripting():  # type: ignore[attr-defined]
                return x + 1e-3
            return x + 0.0

    with pytest.raises(scriptkit.VerificationError):
        verify(Rounded(), (torch.zeros(3),))
    assert verify(Rounded(), (torch.zeros(3),), atol=1e-2).passed


def test_inputs_by_keyword_are_verified() -> None:
    class Scaled(scriptkit.ScriptableModule):
        def forward(self, x: Tensor, scale: float = 1.0) -> Tensor:
            return x * scale

    assert verify(Scaled(), (torch.ones(2),), example_kwargs={"scale": 2.0}).passed


def test_a_plain_module_is_verified_in_its_scripted_form() -> None:
    assert verify(nn.Sequential(nn.Linear(4, 2), nn.GELU()), (torch.ones(3, 4),)).passed


def test_a_module_whose_eager_code_refuses_the_example_is_not_passed_in_silence() -> None:
    with pytest.raises(scriptkit.VerificationError) as caught:
        verify(nn.Linear(4, 2), (torch.ones(3, 5),))
    assert "eager code raises RuntimeError" in str(caught.value)


class Untyped(nn.Module):
    """Traces only, with state and another result in training."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.bn = nn.Linear(4, 3), nn.BatchNorm1d(3)

    def forward(self, x: Tensor, **options: float) -> dict[str, Tensor]:
        return {"y": self.bn(self.fc(x))}


@pytest.mark.parametrize("mode", ["trace", "lowered"])
def test_a_foreign_module_is_verified_in_both_modes_without_changing_it(mode: str) -> None:
    module = Untyped()
    compiled = scriptkit.compile(module, (torch.randn(5, 4),), modes={"": mode})
    assert scriptkit.report(compiled).rows[0].mode == mode
    report = verify(compiled, (torch.randn(5, 4),))
    assert {c.training for c in report.comparisons} == {True, False}
    assert module.state_dict()["bn.num_batches_tracked"].item() == 0


class Signed(nn.Module):
    def forward(self, x, **options):  # type: ignore[no-untyped-def]
        return {"y": x * 2 if x.sum() > 0 else x}


def test_a_trace_that_is_wrong_is_found() -> None:
    allowed = {"baked-branch": "always positive", "trace-differs": "always positive"}
    compiled = scriptkit.compile(Signed(), (torch.ones(5, 4),), modes={"": "trace"}, allow_baked=allowed)
    with pytest.raises(scriptkit.VerificationError, match="negated"):
        verify(compiled, (torch.ones(5, 4),))


class _Exports(nn.Module):
    """Plain torch code with an exported method."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.encode(x).relu()

    @torch.jit.export
    def encode(self, x: Tensor) -> Tensor:
        encoded: Tensor = self.fc(x)
        return encoded


def test_exported_methods_of_a_compiled_module_are_compared() -> None:
    report = scriptkit.verify(scriptkit.compile(_Exports()), (torch.ones(2, 4),))
    assert "encode" in {one.method for one in report.comparisons}


def test_a_trace_has_no_exported_methods_and_the_report_says_so() -> None:
    with pytest.warns(scriptkit.ScriptkitWarning, match="exported method `encode` of _Exports: in no file"):
        compiled = scriptkit.compile(scriptkit.traced(_Exports()), (torch.ones(2, 4),))
    report = scriptkit.verify(compiled, (torch.ones(2, 4),))
    assert any(text.startswith("encode: ") for text in report.skipped)
