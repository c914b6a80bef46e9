"""Models that write to themselves: equal in six calls of both modes, live, held by an own module, and in the file."""

from __future__ import annotations

import copy
import io
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.ao import quantization
from torch.ao.nn import qat
from torch.nn.utils import parametrizations

import scriptkit
from scriptkit.artifact.loaded import LoadedModule

pytestmark = pytest.mark.filterwarnings("ignore")
X = torch.randn(3, 4, generator=torch.Generator().manual_seed(1))


class Between(nn.Module):
    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer, self.last = layer, nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.last(self.layer(x))
        return result


class Momentum(nn.Module):
    """A teacher that follows its student."""

    def __init__(self) -> None:
        super().__init__()
        self.student, self.teacher = nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            with torch.no_grad():
                self.teacher.weight.mul_(0.9).add_(self.student.weight, alpha=0.1)
        result: Tensor = self.student(x) - self.teacher(x)
        return result


class Codebook(nn.Module):
    """A codebook with moving averages, written through `.data`; it asks what only Python knows."""

    def __init__(self) -> None:
        super().__init__()
        self.codes = nn.Embedding(8, 4)

    def forward(self, x: Tensor, **_: Any) -> Tensor:
        chosen = torch.cdist(x, self.codes.weight).argmin(-1)
        if self.training:
            hot = nn.functional.one_hot(chosen, 8).float()
            self.codes.weight.data.copy_(self.codes.weight * 0.9 + 0.1 * (hot.t() @ x))
        result: Tensor = self.codes(chosen)
        return result


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.other = nn.Linear(4, 4), nn.Linear(4, 4)
        self.other.weight = self.one.weight

    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            self.one.weight.clamp_(-0.3, 0.3)
        result: Tensor = self.other(self.one(x))
        return result


class Adapter(nn.Linear):
    """A low-rank update, merged into the weight by `eval()` and taken out by `train()`, as libraries for it do."""

    def __init__(self) -> None:
        super().__init__(4, 4)
        self.down, self.up = nn.Parameter(torch.randn(2, 4)), nn.Parameter(torch.randn(4, 2))
        self.merged = False

    def train(self, mode: bool = True) -> Adapter:
        super().train(mode)
        if mode == self.merged:
            self.weight.data += (self.up @ self.down) * (-0.5 if mode else 0.5)
            self.merged = not mode
        return self

    def forward(self, x: Tensor) -> Tensor:
        y = nn.functional.linear(x, self.weight, self.bias)
        return y if self.merged else y + (x @ self.down.t() @ self.up.t()) * 0.5


PER_CHANNEL = {"quant_min": -128, "quant_max": 127, "dtype": torch.qint8, "qscheme": torch.per_channel_symmetric}
RESIZED = ("fake quantisation", "fake quantisation, alone", "quantisation-aware layer")
"""Their code resizes a buffer to the size it has: `load` wants to be told that this is trusted."""
MODELS: dict[str, Callable[[], nn.Module]] = {
    "spectral norm, old": lambda: Between(nn.utils.spectral_norm(nn.Linear(4, 4))),
    "spectral norm, old, alone": lambda: nn.utils.spectral_norm(nn.Linear(4, 4)),
    "spectral norm": lambda: Between(parametrizations.spectral_norm(nn.Linear(4, 4))),
    "spectral norm, alone": lambda: parametrizations.spectral_norm(nn.Linear(4, 4)),
    "weight norm, old, alone": lambda: nn.utils.weight_norm(nn.Linear(4, 4)),
    "momentum": Momentum,
    "codebook": Codebook,
    "tied": Tied,
    "adapter": lambda: Between(Adapter()),
    "observer": lambda: Between(quantization.MovingAverageMinMaxObserver()),
    "fake quantisation": lambda: Between(quantization.FakeQuantize()),
    "fake quantisation, alone": quantization.FakeQuantize,
    "quantisation-aware layer": lambda: qat.Linear(4, 4, qconfig=quantization.default_qat_qconfig),
}


class Holder(scriptkit.ScriptableModule):
    def __init__(self, child: nn.Module) -> None:
        super().__init__()
        self.child = child

    def forward(self, x: Tensor) -> Tensor:
        return self.child(x) * 2  # type: ignore[no-any-return]


class PlainHolder(nn.Module):
    def __init__(self, child: nn.Module) -> None:
        super().__init__()
        self.child = child

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.child(x) * 2
        return result


def made(name: str, training: bool = False) -> nn.Module:
    torch.manual_seed(0)
    return MODELS[name]().train(training)


def in_file(module: nn.Module, name: str = "") -> Any:
    file = io.BytesIO()
    scriptkit.save(module, file, example_inputs=(X,))
    file.seek(0)
    return scriptkit.load(file, trust=name in RESIZED)


def equal_in_six_calls(eager: Any, form: Any) -> None:
    for training in (False, False, True, True, False, True):
        eager.train(training)
        form.train(training)
        torch.testing.assert_close(form(X.clone()), eager(X.clone()))
    held = form.state_dict()
    for path, expected in eager.state_dict().items():
        is_merged = isinstance(eager.get_submodule(path.rpartition(".")[0]), Adapter) and isinstance(form, LoadedModule)
        if path in held and not is_merged:  # a file has no `train` of the user's: its weight stays what it was
            torch.testing.assert_close(held[path], expected)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", list(MODELS))
def test_compiled_and_in_the_file(name: str, training: bool) -> None:
    form = scriptkit.compile(made(name, training), (X,))
    before = {path: tensor.clone() for path, tensor in made(name, training).state_dict().items()}
    assert all(torch.equal(tensor, before[path]) for path, tensor in form.state_dict().items())
    assert scriptkit.verify(form, (X,)).ok
    equal_in_six_calls(made(name, training), in_file(form, name))
    equal_in_six_calls(made(name, training), form)


@pytest.mark.parametrize("name", list(MODELS))
def test_held_by_an_own_module_that_was_never_called(name: str) -> None:
    assert scriptkit.verify(Holder(made(name)), (X,)).ok
    equal_in_six_calls(PlainHolder(made(name)), in_file(Holder(made(name)), name))
    equal_in_six_calls(PlainHolder(made(name)), Holder(made(name)))


def test_a_buffer_that_a_file_cannot_make_longer_is_refused_with_the_line_and_the_way_out() -> None:
    observer = quantization.MovingAveragePerChannelMinMaxObserver
    module = Between(quantization.FakeQuantize(observer=observer, ch_axis=1, **PER_CHANNEL)).eval()
    with pytest.raises(
        scriptkit.ScriptkitError, match=r"(?s)Call the module before it is saved.*observer\.py.*resize_"
    ):
        scriptkit.save(scriptkit.compile(module, (X,)), io.BytesIO(), example_inputs=(X,))
    module(X)
    compiled = scriptkit.compile(module, (X,))
    equal_in_six_calls(copy.deepcopy(module), in_file(compiled, RESIZED[0]))
    equal_in_six_calls(copy.deepcopy(module), compiled)


def test_a_file_that_resizes_is_loaded_only_by_who_trusts_it() -> None:
    file = io.BytesIO()
    scriptkit.save(scriptkit.compile(made("fake quantisation"), (X,)), file)
    file.seek(0)
    with pytest.raises(scriptkit.ArtifactError, match=r"(?s)`trust=True` loads it.*fake_quantize.*`torch.resize_`"):
        scriptkit.load(file)


def test_a_lazy_module_waits_for_its_call_at_every_door() -> None:
    compiled = scriptkit.compile(nn.LazyLinear(3), (X,))
    assert "lazy parameters" in str(scriptkit.report(compiled))
    with pytest.raises(scriptkit.CompilationError, match=r"call it once$"):
        scriptkit.to_torchscript(compiled)
    with pytest.raises(scriptkit.CompilationError, match="has no shapes before its first call; call it once"):
        scriptkit.verify(nn.LazyLinear(3), (X,))
    expected = compiled(X)
    assert scriptkit.is_compiled(compiled)
    assert torch.equal(compiled(X), expected)


class Grows(nn.Module):
    """A buffer becomes longer in place: memory that a trial must not share."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Linear(4, 4)
        self.register_buffer("sums", torch.zeros(2))

    def forward(self, x: Tensor) -> Tensor:
        count = self.sums.numel()
        self.sums.resize_(count + 1)
        self.sums[count:].fill_(x.sum().item())
        result: Tensor = self.last(x)
        return result


def test_a_buffer_that_grows_in_place() -> None:
    module = Grows()
    compiled = scriptkit.compile(module, (X,))
    assert scriptkit.verify(compiled, (X,)).ok
    assert module.sums.tolist() == [0, 0]
    compiled(X)
    torch.testing.assert_close(module.sums, torch.stack([torch.tensor(0.0), torch.tensor(0.0), X.sum()]))


class Counts(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        if not torch.jit.is_scripting():  # type: ignore[attr-defined]
            self.calls += 1
        return x


def test_a_script_that_leaves_another_state_is_not_chosen() -> None:
    module = Counts()
    compiled = scriptkit.compile(module, (X,))
    assert "differs: state afterwards['calls']" in str(scriptkit.report(compiled))
    compiled(X)
    assert module.calls == 1


class OwnCounts(scriptkit.ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def forward(self, x: Tensor) -> Tensor:
        if torch.jit.is_scripting():  # type: ignore[attr-defined]
            self.calls += 2
        else:
            self.calls += 1
        return x


def test_a_file_that_would_leave_another_state_is_not_written() -> None:
    with pytest.raises(scriptkit.VerificationError, match=r"state afterwards\['calls'\]: 1 became 2"):
        scriptkit.save(OwnCounts(), io.BytesIO(), example_inputs=(X,))


def test_warming_up_leaves_the_parameters() -> None:
    compiled = scriptkit.compile(Tied(), (X,))
    before = copy.deepcopy(compiled.state_dict())
    scriptkit.warmup(compiled, (X,))
    assert all(torch.equal(tensor, before[path]) for path, tensor in compiled.state_dict().items())
