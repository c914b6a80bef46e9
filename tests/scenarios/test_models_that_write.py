"""Models that write to themselves: equal in six calls of both modes, live, held by an own module, and in the file."""

from __future__ import annotations

import copy
import io
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

import scriptkit

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


MODELS: dict[str, Callable[[], nn.Module]] = {
    "spectral norm, old": lambda: Between(nn.utils.spectral_norm(nn.Linear(4, 4))),
    "spectral norm, old, alone": lambda: nn.utils.spectral_norm(nn.Linear(4, 4)),
    "spectral norm": lambda: Between(parametrizations.spectral_norm(nn.Linear(4, 4))),
    "spectral norm, alone": lambda: parametrizations.spectral_norm(nn.Linear(4, 4)),
    "weight norm, old, alone": lambda: nn.utils.weight_norm(nn.Linear(4, 4)),
    "momentum": Momentum,
    "codebook": Codebook,
    "tied": Tied,
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


def in_file(module: nn.Module) -> Any:
    file = io.BytesIO()
    scriptkit.save(module, file, example_inputs=(X,))
    file.seek(0)
    return scriptkit.load(file)


def equal_in_six_calls(eager: Any, form: Any) -> None:
    for training in (False, False, True, True, False, True):
        eager.train(training)
        form.train(training)
        torch.testing.assert_close(form(X.clone()), eager(X.clone()))
    held = form.state_dict()
    for path, expected in eager.state_dict().items():
        if path in held:
            torch.testing.assert_close(held[path], expected)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", list(MODELS))
def test_compiled_and_in_the_file(name: str, training: bool) -> None:
    form = scriptkit.compile(made(name, training), (X,))
    before = {path: tensor.clone() for path, tensor in made(name).state_dict().items()}
    assert all(torch.equal(tensor, before[path]) for path, tensor in form.state_dict().items())
    assert scriptkit.verify(form, (X,)).ok
    equal_in_six_calls(made(name, training), in_file(form))
    equal_in_six_calls(made(name, training), form)


@pytest.mark.parametrize("name", list(MODELS))
def test_held_by_an_own_module_that_was_never_called(name: str) -> None:
    assert scriptkit.verify(Holder(made(name)), (X,)).ok
    equal_in_six_calls(PlainHolder(made(name)), in_file(Holder(made(name))))
    equal_in_six_calls(PlainHolder(made(name)), Holder(made(name)))


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
