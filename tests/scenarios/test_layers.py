"""Layers and containers of torch inside a scriptable module, through training, conversion and surgery."""

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import prune

from scriptkit import ScriptableModule, ScriptkitEagerWarning
from tests.scenarios.comparing import assert_same, assert_same_gradients, assert_same_state, twins
from tests.scenarios.test_running import batch
from tests.scenarios.watching import run_compiled


class Around(ScriptableModule):
    """One layer that takes and gives a tensor."""

    def __init__(self, build: Callable[[], nn.Module]) -> None:
        super().__init__()
        self.layer = build()

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.layer(x)
        return out


class Recurrent(ScriptableModule):
    """A recurrent layer and its state."""

    def __init__(self, kind: type[nn.LSTM | nn.GRU]) -> None:
        super().__init__()
        self.layer = kind(4, 3, num_layers=2, batch_first=True, bidirectional=True, dropout=0.5)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.layer(x)[0]
        return out


class Attention(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.MultiheadAttention(4, 2, dropout=0.5, batch_first=True)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        out: tuple[Tensor, Tensor | None] = self.layer(x, x, x)
        return out


LAYERS: list[tuple[Callable[[], nn.Module], tuple[int, ...]]] = [
    (lambda: nn.Conv2d(3, 4, 3, padding=1, stride=2), (2, 3, 8, 8)),
    (lambda: nn.Sequential(nn.Conv1d(3, 4, 3), nn.BatchNorm1d(4), nn.ReLU(inplace=True)), (2, 3, 8)),
    (lambda: nn.ConvTranspose2d(3, 4, 2, stride=2), (2, 3, 4, 4)),
    (lambda: nn.GroupNorm(2, 4), (2, 4, 5)),
    (lambda: nn.LayerNorm(4), (2, 3, 4)),
    (lambda: nn.InstanceNorm2d(3, affine=True, track_running_stats=True), (2, 3, 4, 4)),
    (lambda: nn.AdaptiveAvgPool2d((2, 3)), (2, 3, 7, 7)),
    (lambda: nn.MaxPool2d(2, ceil_mode=True), (2, 3, 7, 7)),
    (lambda: nn.Upsample(scale_factor=2.0, mode="bilinear", align_corners=False), (2, 3, 4, 4)),
    (lambda: nn.Dropout2d(0.5), (2, 3, 4, 4)),
    (lambda: nn.PReLU(3), (2, 3, 4)),
    (lambda: nn.TransformerEncoderLayer(4, 2, 8, dropout=0.25, batch_first=True), (2, 3, 4)),
    (lambda: nn.Softmax(dim=-1), (2, 4)),
    (lambda: nn.Flatten(1), (2, 3, 4)),
    (lambda: nn.PixelShuffle(2), (2, 4, 3, 3)),
]


@pytest.mark.parametrize(("build", "shape"), LAYERS)
def test_a_layer_of_torch_in_training_and_evaluation(build: Callable[[], nn.Module], shape: tuple[int, ...]) -> None:
    _live(twins(Around, build), shape)


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
def test_a_recurrent_layer_keeps_its_flat_weights_in_step(kind: type[nn.LSTM | nn.GRU]) -> None:
    net, plain = twins(Recurrent, kind)
    _live((net, plain), (2, 5, 4))
    state = {name: value * 0.5 for name, value in plain.state_dict().items()}
    for model in (net, plain):
        model.load_state_dict(copy.deepcopy(state), assign=True)
    _live((net, plain), (2, 5, 4))
    _live((copy.deepcopy(net), copy.deepcopy(plain)), (2, 5, 4))
    _live((net.double(), plain.double()), (2, 5, 4))
    for model in (net, plain):
        model.layer.weight_hh_l1 = nn.Parameter(torch.full_like(model.layer.weight_hh_l1, 0.25))
    _live((net, plain), (2, 5, 4))


def test_attention() -> None:
    _live(twins(Attention), (2, 5, 4))


def _live(pair: tuple[nn.Module, nn.Module], shape: tuple[int, ...]) -> None:
    net, plain = pair
    x = batch(*shape).to(next((p.dtype for p in plain.parameters()), torch.float32))
    for training in (True, False, True):
        outs = []
        for call in (lambda x: run_compiled(net.train(training), x), plain.train(training)):  # noqa: B023 called here
            torch.manual_seed(3)
            y = x.clone().requires_grad_()
            outs.append(call(y))  # type: ignore[no-untyped-call]
            first = outs[-1][0] if isinstance(outs[-1], tuple) else outs[-1]
            first.square().sum().backward()
        assert_same(outs[0], outs[1])
        assert_same_gradients(net, plain)
        assert_same(dict(net.state_dict()), dict(plain.state_dict()))


class Containers(ScriptableModule):
    """Every container of torch."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleDict({"first": nn.Linear(4, 4), "second": nn.Tanh()})
        self.listed = nn.ModuleList([nn.Linear(4, 4)])
        self.chain = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
        self.gains = nn.ParameterList([nn.Parameter(torch.ones(4)), nn.Parameter(torch.full((4,), 2.0))])
        self.shifts = nn.ParameterDict({"a": nn.Parameter(torch.ones(4))})

    def forward(self, x: Tensor) -> Tensor:
        for name, layer in self.layers.items():
            x = layer(x) + len(name)
        for index, layer in enumerate(self.listed):
            x = layer(x) * (index + 1)
        for gain in self.gains:
            x = x * gain
        out: Tensor = self.chain(x) + self.shifts["a"]
        return out


CHANGES: list[Callable[[Containers], object]] = [
    lambda m: m.layers.update({"third": nn.Sigmoid()}),
    lambda m: m.layers.pop("first"),
    lambda m: m.layers.__setitem__("second", nn.ReLU()),
    lambda m: m.listed.extend([nn.Identity(), nn.ReLU()]),
    lambda m: m.listed.insert(0, nn.Tanh()),
    lambda m: m.listed.__setitem__(0, nn.Identity()),
    lambda m: m.chain.append(nn.Tanh()),
    lambda m: m.chain.__delitem__(0),
    lambda m: m.gains.append(nn.Parameter(torch.full((4,), -1.0))),
    lambda m: m.gains.__setitem__(0, nn.Parameter(torch.zeros(4))),
    lambda m: m.shifts.__setitem__("a", nn.Parameter(torch.zeros(4))),
    lambda m: setattr(m, "layers", nn.ModuleDict({"only": nn.Tanh()})),
    lambda m: setattr(m, "listed", nn.ModuleList()),
]


@pytest.mark.parametrize("change", CHANGES)
def test_containers_changed_in_every_way(change: Callable[[nn.Module], object]) -> None:
    net, plain = twins(Containers)
    assert_same(run_compiled(net, batch()), plain(batch()))
    change(net)
    change(plain)
    for _ in range(2):
        assert_same(run_compiled(net, batch()), plain(batch()))
        assert_same_state(net, plain)


def test_pruning_runs_python_as_long_as_its_hook_is_there() -> None:
    net, plain = twins(Containers)
    run_compiled(net, batch())
    prune.random_unstructured(net.chain[0], "weight", amount=0.5)
    plain.chain[0].weight.data = net.chain[0].weight.detach().clone()
    with pytest.warns(ScriptkitEagerWarning, match="hook"):
        assert_same(net(batch()), plain(batch()))
    prune.remove(net.chain[0], "weight")
    assert_same(run_compiled(net, batch()), plain(batch()))
