"""`warmup` makes the slow first calls, and leaves everything as it was."""

from __future__ import annotations

import io

import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule
from scriptkit.artifact.loaded import LoadedModule
from scriptkit.warming import warmup


class Counting(ScriptableModule):
    """Changes everything a module can change: a buffer in place, a buffer by assignment, a number, a list."""

    calls: Tensor
    last: Tensor
    seen: list[int]

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("calls", torch.zeros(1))
        self.register_buffer("last", torch.zeros(2))
        self.number = 0
        self.seen = [1]

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        self.last = x
        self.number += 1
        self.seen.append(self.number)
        return torch.dropout(x, 0.5, self.training) + self.calls


class Normalised(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.bn = nn.BatchNorm1d(4)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.bn(x)
        return y


def loaded(module: nn.Module) -> LoadedModule:
    stream = io.BytesIO()
    scriptkit.save(module, stream)
    return scriptkit.load(io.BytesIO(stream.getvalue()))


def state(module: Counting | LoadedModule) -> tuple[object, ...]:
    return (
        module.calls.tolist(),
        module.last.tolist(),
        module.number,
        list(module.seen),
        torch.get_rng_state().tolist(),
    )


def test_a_module_is_called_several_times() -> None:
    calls: list[object] = []
    net = Counting()
    net.register_forward_hook(lambda *_: calls.append(None))
    warmup(net, (torch.ones(2),))
    assert 5 <= len(calls) <= 30


def test_the_state_is_what_it_was() -> None:
    net = Counting()
    net(torch.ones(2))
    before, buffer, numbers = state(net), net.last, net.seen
    warmup(net, (torch.zeros(2),))
    assert state(net) == before
    assert net.last is buffer
    assert net.seen is numbers
    net.eval()
    assert net(torch.ones(2)).tolist() == [3.0, 3.0]


def test_the_state_of_a_loaded_model_is_what_it_was() -> None:
    model = loaded(Counting().eval())
    model(torch.ones(2))
    before = state(model)
    warmup(model, (torch.zeros(2),))
    assert state(model) == before


def test_the_arguments_are_not_written() -> None:
    class Writing(ScriptableModule):
        def forward(self, x: Tensor, times: int = 1) -> Tensor:
            return x.add_(times)

    x = torch.zeros(2)
    warmup(Writing(), (x,), example_kwargs={"times": 3})
    assert x.tolist() == [0.0, 0.0]


def test_gradients_are_not_left_behind() -> None:
    class Layer(ScriptableModule):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(2, 2)

        def forward(self, x: Tensor) -> Tensor:
            result: Tensor = self.layer(x)
            return result

    net = Layer()
    warmup(net, (torch.ones(1, 2),))
    assert net.layer.weight.grad is None


def test_warming_up_in_training_leaves_running_statistics_alone() -> None:
    """Batch norm writes them without a new version of the tensor."""
    net = Normalised()
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    scriptkit.warmup(net, (torch.rand(3, 4),))
    torch.testing.assert_close(net.state_dict(), before, rtol=0, atol=0)


class Vocabulary(nn.Module):
    """Notes each call in a long dictionary and a long list."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers = {f"word{number}": number for number in range(12_000)}
        self.calls = [0] * 12_000

    def forward(self, x: Tensor) -> Tensor:
        self.numbers["new"] = len(self.calls)
        self.calls.append(1)
        return x + 1


def test_long_containers_are_given_back_too() -> None:
    net = Vocabulary()
    warmup(net, (torch.rand(2),))
    assert (len(net.numbers), len(net.calls)) == (12_000, 12_000)
