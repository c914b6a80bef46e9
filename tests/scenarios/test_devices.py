"""Moving and converting: dtypes, the meta device, autocast."""

import pytest
import torch
from torch import Tensor, nn

from scriptkit import ScriptableModule
from tests.scenarios.comparing import assert_same, assert_same_state, twins
from tests.scenarios.matrix import row
from tests.scenarios.models import Child, Net, Outer
from tests.scenarios.test_running import batch
from tests.scenarios.watching import run_compiled, runs_eagerly


@row("to_double_half")
def test_conversion_to_other_dtypes() -> None:
    net, plain = twins(Net, p=0.0)
    for dtype in (torch.float32, torch.float64, torch.bfloat16, torch.float16, torch.float32):
        x = batch().to(dtype)
        assert_same(run_compiled(net.to(dtype), x), plain.to(dtype)(x))
        assert_same_state(net, plain)


def test_conversion_of_a_child_alone() -> None:
    net, plain = twins(Wide)
    run_compiled(net, batch())
    for model in (net, plain):
        model.fc.double()
    assert_same(run_compiled(net, batch()), plain(batch()))


class Wide(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.fc(x.to(self.fc.weight.dtype))
        return out


@row("meta_to_empty")
def test_to_meta_and_back() -> None:
    net, plain = twins(Outer)
    run_compiled(net, batch())
    state = {key: value.clone() for key, value in plain.state_dict().items()}
    net.to("meta")
    assert run_compiled(net, batch().to("meta")).is_meta
    net.to_empty(device="cpu")
    net.load_state_dict(state)
    assert_same(run_compiled(net, batch()), plain(batch()))


@row("meta_device_ctor")
def test_construction_on_the_meta_device() -> None:
    _, plain = twins(Outer)
    with torch.device("meta"):
        net = Outer()
    assert all(p.is_meta for p in net.parameters())
    assert run_compiled(net, batch().to("meta")).shape == (8, 2)
    net.to_empty(device="cpu")
    net.load_state_dict(plain.state_dict())
    assert_same(run_compiled(net, batch()), plain(batch()))


@row("autocast")
def test_autocast_gives_the_dtypes_of_eager() -> None:
    net, plain = twins(Child)
    run_compiled(net, batch())
    with runs_eagerly(net, "autocast", calls=2), torch.autocast("cpu", dtype=torch.bfloat16):
        for _ in range(2):
            out = net(batch())
            assert out.dtype == torch.bfloat16
            assert_same(out, plain(batch()))
    assert_same(run_compiled(net, batch()), plain(batch()))


def test_autocast_that_is_disabled_runs_compiled() -> None:
    net, plain = twins(Child)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=False):
        assert_same(run_compiled(net, batch()), plain(batch()))


@pytest.mark.parametrize("shape", [(1, 4), (3, 4), (16, 4)])
def test_any_batch_size(shape: tuple[int, int]) -> None:
    net, plain = twins(Outer)
    assert_same(run_compiled(net, batch(*shape)), plain(batch(*shape)))
